"""Hold partners and auditors to reading, let figures open as their collection says, and compare siblings.

A transaction says one more thing: whether it may write figures (`huizong.writes`); an auditor's and a partner's may not.
A partner reads accepted figures and nothing around them. Three functions see what the caller may not, and tell no more
than the rules allow: how many answers are expected, the figures of siblings, and how far stored figures are open.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
FORMS = "current_setting('huizong.forms', true)"
IN_SCOPE = f"unit_path <@ {SCOPE}"
ANY_FORM = f"{FORMS} = '*'"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
WRITES = "current_setting('huizong.writes', true) = 'on'"
INSIDER = f"{DEPTH} > 0"
READABLE = f"{IN_SCOPE} and {THIS_FORM} and {DEPTH} >= open_to"

WHOLE = ("submission", "submission_version", "observation")
FIGURES = ("value", "explanation", "upload")

# What is answered is to be known for the coverage of every total, also where the submissions themselves are hidden.
EXPECTED = f"""
create function expected_submissions(p_root int, p_period text)
returns table (unit_id int, form_code text, level text, exempt boolean, demo boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select unit_id, form_code, level, exempt_reason is not null, demo from submission
    where root_id = p_root and period_code = p_period and {IN_SCOPE} and {THIS_FORM}
$$
"""

# Callable by anybody, because it only brings `open_to` in line with what is stored: a version that is not sealed is a
# draft, a sealed one is as open as its collection says, and what was accepted (0) stays open to all.
OPEN_FIGURES = """
create function open_figures(p_units int[]) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    update submission_version v
    set open_to = case when v.sealed_at is null then nlevel(v.unit_path) when c.skip_level then 1
                  else greatest(nlevel(v.unit_path) - 1, 1) end
    from collection c
    where v.unit_id = any(p_units) and v.open_to > 0
      and (c.root_id, c.period_code, c.form_code) = (v.root_id, v.period_code, v.form_code);

    update value x set open_to = v.open_to from submission_version v
    where x.unit_id = any(p_units) and x.open_to <> v.open_to
      and (v.root_id, v.period_code, v.form_code, v.unit_id, v.number)
        = (x.root_id, x.period_code, x.form_code, x.unit_id, x.version_number);

    update explanation x set open_to = v.open_to from submission_version v
    where x.unit_id = any(p_units) and x.open_to <> v.open_to
      and (v.root_id, v.period_code, v.form_code, v.unit_id, v.number)
        = (x.root_id, x.period_code, x.form_code, x.unit_id, x.version_number);

    update upload u set open_to = coalesce(
        (select min(x.open_to) from value x
         where (x.root_id, x.period_code, x.form_code, x.unit_id) = (u.root_id, u.period_code, u.form_code, u.unit_id)
           and x.upload_id = u.id),
        nlevel(u.unit_path))
    where u.unit_id = any(p_units);
$$
"""

# The caller's own unit is known by the scope alone: nobody can ask for another's siblings. What does not compare as a
# number is never told. Without names the figures come in order of size, and only from five siblings up.
SIBLINGS = f"""
create function sibling_figures(p_period text, p_form text, p_indicator text) returns jsonb
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    me unit;
    task collection;
    asked jsonb;
    answer jsonb;
    fewest constant int := 5;
begin
    select * into me from unit where path = {SCOPE} and nlevel(path) > 1 and {INSIDER} and {ANY_FORM};
    select * into task from collection
    where root_id = me.root_id and period_code = p_period and form_code = p_form;
    select one into asked from form_version v, jsonb_path_query(v.definition, '$.sheets[*].indicators[*]') one
    where v.id = task.form_version_id and one->>'code' = p_indicator
      and one->>'type' in ('count', 'amount', 'ratio', 'rate', 'mean', 'rating');
    if asked is null then
        return null;
    end if;
    with figure as (
        select u.code, n.name, n.name_en, o.category, s.demo,
               case when o.status = 'reported' then coalesce(o.number,
                   round(o.amount * coalesce((asked->'roll_up'->>'multiplier')::numeric, 1) / nullif(o.weight, 0), 10))
               end as number
        from period p
        join node mine on mine.tree_id = p.tree_id and mine.unit_id = me.id
        join node n on n.tree_id = p.tree_id and n.parent_id = mine.parent_id and n.unit_id <> me.id
        join unit u on u.id = n.unit_id
        join submission s on s.root_id = task.root_id and s.period_code = p_period and s.form_code = p_form
            and s.unit_id = n.unit_id and s.exempt_reason is null
        left join observation o on o.root_id = task.root_id and o.period_code = p_period
            and o.indicator = p_indicator and o.unit_id = n.unit_id and o.form_code = p_form
        where p.code = p_period
    ), told as (
        select * from figure where number is not null or category <> ''
    )
    select jsonb_build_object(
        'siblings', (select count(*) from figure),
        'reported', (select count(*) from told),
        'named', task.names_siblings,
        'fewest', fewest,
        'figures', case when task.names_siblings or (select count(*) from told) >= fewest then
            (select jsonb_agg(
                jsonb_build_object('number', number::text, 'category', coalesce(category, ''), 'demo', demo)
                || case when task.names_siblings then jsonb_build_object('code', code, 'name', name, 'name_en', name_en)
                   else '{{}}' end
                order by number, category) from told)
        end
    ) into answer;
    return answer;
end
$$
"""

FUNCTIONS = {
    "expected_submissions(int, text)": EXPECTED,
    "open_figures(int[])": OPEN_FIGURES,
    "sibling_figures(text, text, text)": SIBLINGS,
}


def upgrade() -> None:
    op.execute("grant select on submission, collection, form_version to huizong_definer")
    op.execute("grant select, update on submission_version, value, explanation, upload to huizong_definer")
    op.execute("grant create on schema public to huizong_definer")
    for function, definition in FUNCTIONS.items():
        op.execute(definition)
        op.execute(f"alter function {function} owner to huizong_definer")
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")
    _writing(WRITES)
    counted = "state in ('accepted', 'locked', 'published')"
    op.execute(f"alter policy reading on submission using ({IN_SCOPE} and {THIS_FORM} and ({INSIDER} or {counted}))")
    op.execute(f"alter policy reading on submission_version using ({IN_SCOPE} and {THIS_FORM} and {INSIDER})")
    for table in ("explanation", "upload"):
        op.execute(f"alter policy reading on {table} using ({READABLE} and {INSIDER})")


def downgrade() -> None:
    for table in ("explanation", "upload"):
        op.execute(f"alter policy reading on {table} using ({READABLE})")
    for table in ("submission", "submission_version"):
        op.execute(f"alter policy reading on {table} using ({IN_SCOPE} and {THIS_FORM})")
    _writing(ANY_FORM)
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
    op.execute("revoke all on submission, collection, form_version from huizong_definer")
    op.execute("revoke all on submission_version, value, explanation, upload from huizong_definer")


def _writing(allowed: str) -> None:
    """Who may write is asked of the transaction, besides the row's place."""
    for table in WHOLE:
        op.execute(
            f"alter policy writing on {table} using ({IN_SCOPE} and {allowed}) with check ({IN_SCOPE} and {allowed})"
        )
    changeable = f"{IN_SCOPE} and {DEPTH} >= open_to and {allowed} and open_to > 0"
    for table in FIGURES:
        op.execute(f"alter policy inserting on {table} with check ({IN_SCOPE} and {allowed})")
        op.execute(f"alter policy updating on {table} using ({changeable}) with check ({IN_SCOPE} and {allowed})")
        op.execute(f"alter policy deleting on {table} using ({changeable})")
    op.execute(
        f"alter policy sending on collection using (sender_path <@ {SCOPE} and {allowed})"
        f" with check (sender_path <@ {SCOPE} and {allowed})"
    )
