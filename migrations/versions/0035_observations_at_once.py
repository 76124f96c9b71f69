"""Write what many acceptances change by one call each: observations, and who may read values.

Two foreign keys of observations, checked row by row, took three quarters of the time in which accepted figures are written. What they
kept is kept otherwise:

* an observation belongs to an accepted version, and its path is the unit's own: `put_observations` is the only way in,
  and takes the path from versions that are open to everybody above, which it holds until the commit;
* the version stays, and so does the submission that it refers to: nobody may delete it or change its key;
* a unit that moves takes its observations along, as it takes its values: `follow_units`.

What a form adds up as it was typed is copied within the database; what is worked out comes as JSON.

`open_values` asks once for each version what row-level security asks for each value. Every value is written again when
it is handed in and when it is accepted: half of a page is left free, so that it stays there and its index as it is.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
WRITES = "current_setting('huizong.writes', true) = 'on'"

COLUMNS = """root_id, period_code, indicator, unit_id, form_code, version_number, status, number, category, amount,
        weight, unit_path"""

SIGNATURE = "put_observations(int, text, text, int[], int[], int[], int[], text[], json)"

# Units of one kind are those whose answers are added up alike: to each kind belong the indicators that are copied.
PUT = f"""
create function put_observations(
    p_root int, p_period text, p_form text, p_units int[], p_versions int[], p_kinds int[], p_copying_kinds int[],
    p_copied text[], p_worked_out json
) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    held int;
    each int;
    codes text[];
begin
    perform from unnest(p_units, p_versions) as asked(unit_id, number)
    join submission_version v on v.root_id = p_root and v.period_code = p_period and v.form_code = p_form
      and v.unit_id = asked.unit_id and v.number = asked.number
    where v.unit_path <@ {SCOPE} and {WRITES} and v.open_to = 0
    for share of v;
    get diagnostics held = row_count;
    if held < cardinality(p_units) then
        raise exception 'observations of a version that is not accepted, or outside the scope' using errcode = '42501';
    end if;
    for each in select distinct k from unnest(p_kinds) k loop
        codes := array(
            select indicator from unnest(p_copying_kinds, p_copied) as copied(kind, indicator) where kind = each
        );
        insert into observation ({COLUMNS})
        select p_root, p_period, v.indicator, v.unit_id, p_form, v.version_number, v.status, v.number, '', v.number,
            null, v.unit_path
        from unnest(p_units, p_versions, p_kinds) as asked(unit_id, number, kind)
        join value v on v.root_id = p_root and v.period_code = p_period and v.form_code = p_form
          and v.unit_id = asked.unit_id and v.version_number = asked.number
        where asked.kind = each and v.indicator = any(codes) and v.status <> 'missing';
    end loop;
    insert into observation ({COLUMNS})
    select p_root, p_period, given.indicator, given.unit_id, p_form, v.number, given.status, given.number,
        given.category, given.amount, given.weight, v.unit_path
    from json_to_recordset(p_worked_out) as given(
        unit_id int, indicator text, status text, number numeric, category text, amount numeric, weight numeric)
    join unnest(p_units, p_versions) as asked(unit_id, number) on asked.unit_id = given.unit_id
    join submission_version v on v.root_id = p_root and v.period_code = p_period and v.form_code = p_form
      and v.unit_id = asked.unit_id and v.number = asked.number;
end
$$
"""

OPEN_SIGNATURE = "open_values(int, text, text, int[], int[], int)"
OPEN = f"""
create function open_values(
    p_root int, p_period text, p_form text, p_units int[], p_versions int[], p_depth int
) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    held int;
begin
    perform from unnest(p_units, p_versions) as asked(unit_id, number)
    join submission_version v on v.root_id = p_root and v.period_code = p_period and v.form_code = p_form
      and v.unit_id = asked.unit_id and v.number = asked.number
    where v.unit_path <@ {SCOPE} and {WRITES} and v.open_to > 0 and {DEPTH} >= v.open_to
    for share of v;
    get diagnostics held = row_count;
    if held < cardinality(p_units) then
        raise exception 'values of a version that is accepted, or outside the scope' using errcode = '42501';
    end if;
    update value v set open_to = p_depth
    from unnest(p_units, p_versions) as asked(unit_id, number)
    where v.root_id = p_root and v.period_code = p_period and v.form_code = p_form
      and v.unit_id = asked.unit_id and v.version_number = asked.number and v.open_to <> p_depth;
end
$$
"""

FOLLOW = """
create or replace function follow_units(p_root int, p_units int[]) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    update value x set unit_path = v.unit_path from submission_version v
    where v.root_id = p_root and v.unit_id = any(p_units) and x.unit_path <> v.unit_path
      and (x.root_id, x.unit_id, x.version_number, x.period_code, x.form_code)
        = (v.root_id, v.unit_id, v.number, v.period_code, v.form_code){more}
$$
"""
OBSERVATIONS_TOO = """;
    update observation x set unit_path = u.path from unit u
    where x.root_id = p_root and x.unit_id = any(p_units) and u.id = x.unit_id and x.unit_path <> u.path"""

FUNCTIONS = {SIGNATURE: PUT, OPEN_SIGNATURE: OPEN}

SUBMISSION = ("root_id", "period_code", "form_code", "unit_id")
KEYS = ("fk_observation_root_id_period_code_form_code_unit_id", "fk_observation_unit_id_unit_path")


def upgrade() -> None:
    for constraint in KEYS:
        op.drop_constraint(op.f(constraint), "observation")
    op.execute("grant insert, update on observation to huizong_definer")
    op.execute("grant create on schema public to huizong_definer")
    for signature, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"alter function {signature} owner to huizong_definer")
        op.execute(f"revoke all on function {signature} from public")
        op.execute(f"grant execute on function {signature} to huizong_app")
    op.execute(FOLLOW.format(more=OBSERVATIONS_TOO))
    op.execute("revoke create on schema public from huizong_definer")
    op.execute("revoke insert, update on observation from huizong_app")
    op.execute("alter table value set (fillfactor = 50)")


def downgrade() -> None:
    op.execute("alter table value reset (fillfactor)")
    op.execute("grant insert, update on observation to huizong_app")
    op.execute("grant create on schema public to huizong_definer")
    op.execute(FOLLOW.format(more=""))
    op.execute("revoke create on schema public from huizong_definer")
    for signature in FUNCTIONS:
        op.execute(f"drop function {signature}")
    op.execute("revoke insert, update on observation from huizong_definer")
    op.create_foreign_key(op.f(KEYS[0]), "observation", "submission", SUBMISSION, SUBMISSION)
    op.create_foreign_key(
        op.f(KEYS[1]), "observation", "unit", ["unit_id", "unit_path"], ["id", "path"], onupdate="CASCADE"
    )
