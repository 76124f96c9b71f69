"""Read stored roll-ups and expected answers by functions, which ask once per unit whether it is within sight.

A policy asks for every row: of a province by its cities that costs more than to read the rows. Both functions take
several periods, and both tell also of units that were in sight in the period's tree.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
FORMS = "current_setting('huizong.forms', true)"
IN_SCOPE = f"unit_path <@ {SCOPE}"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"

ROWS = """
            return query
            select r.period_code, r.unit_id, r.indicator, r.category, r.reported, r.not_applicable, r.amount, r.weight,
                   r.minimum, r.maximum
            from rollup r
            where r.root_id = p_root and r.period_code = each and r.unit_id = any(visible)
              and (forms = '*' or r.form_code = any(string_to_array(forms, ',')))"""

VISIBLE = """visible := array(
            select id from unit
            where id = any(p_units) and (coalesce(path <@ scope, false) or id in (select units_in_sight(each)))
        );"""

STORED = f"""
create function stored_rollups(p_root int, p_periods text[], p_units int[], p_indicators text[])
returns table (period_code text, unit_id int, indicator text, category text, reported int, not_applicable int,
               amount numeric, weight numeric, minimum numeric, maximum numeric)
language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    scope ltree := {SCOPE};
    forms text := {FORMS};
    each text;
    visible int[];
begin
    foreach each in array p_periods loop
        {VISIBLE}
        if p_indicators is null then{ROWS};
        else{ROWS}
              and r.indicator = any(p_indicators);
        end if;
    end loop;
end
$$
"""

EXPECTED = f"""
create function expected_of(p_root int, p_periods text[], p_units int[])
returns table (period_code text, unit_id int, form_code text, level text, answers int, demo boolean)
language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    scope ltree := {SCOPE};
    forms text := {FORMS};
    each text;
    visible int[];
begin
    foreach each in array p_periods loop
        {VISIBLE}
        return query
        select e.period_code, e.unit_id, e.form_code, e.level, e.answers, e.demo
        from expected_answers e
        where e.root_id = p_root and e.period_code = each and e.unit_id = any(visible)
          and (forms = '*' or e.form_code = any(string_to_array(forms, ',')));
    end loop;
end
$$
"""

BEFORE = f"""
create function expected_of(p_root int, p_periods text[], p_units int[]) returns setof expected_answers
language sql stable security definer set search_path = public, pg_temp as $$
    select * from expected_answers
    where root_id = p_root and period_code = any(p_periods) and unit_id = any(p_units) and {THIS_FORM}
      and ({IN_SCOPE} or unit_id in (select units_in_sight(period_code)))
$$
"""

EXPECTED_OF, STORED_ROLLUPS = "expected_of(int, text[], int[])", "stored_rollups(int, text[], int[], text[])"


def upgrade() -> None:
    op.execute(f"drop function {EXPECTED_OF}")
    _create({EXPECTED_OF: EXPECTED, STORED_ROLLUPS: STORED})


def downgrade() -> None:
    op.execute(f"drop function {STORED_ROLLUPS}")
    op.execute(f"drop function {EXPECTED_OF}")
    _create({EXPECTED_OF: BEFORE})


def _create(functions: dict[str, str]) -> None:
    op.execute("grant create on schema public to huizong_definer")
    for signature, function in functions.items():
        op.execute(function)
        op.execute(f"alter function {signature} owner to huizong_definer")
        op.execute(f"revoke all on function {signature} from public")
        op.execute(f"grant execute on function {signature} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")
