"""Let every policy and every function get by with the rows of one top unit, so that they can stand on one node.

Citus refuses a policy with a subquery on a distributed table, and a foreign key to a table of one node: policies ask
functions, which see no more than their caller; who sees to what keeps the person's id, as events do. A function that
sees more than its caller is told the top unit, and looks at nothing else.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
FORMS = "current_setting('huizong.forms', true)"
WRITES = f"current_setting('huizong.writes', true) = 'on' and {FORMS} = '*' and {DEPTH} > 0"
OWN = f"unit_path = {SCOPE} and {WRITES}"

IS_NAMED = """
create function names_file(p_root int, p_unit int, p_sha256 text) returns boolean
language plpgsql stable set search_path = public, pg_temp as $$
begin
    perform from evidence where root_id = p_root and unit_id = p_unit and sha256 = p_sha256;
    if not found then
        perform from explanation where root_id = p_root and unit_id = p_unit and sha256 = p_sha256;
    end if;
    return found;
end
$$
"""

IS_SENDER = f"""
create function has_sent(p_root int, p_period text, p_form text) returns boolean
language plpgsql stable set search_path = public, pg_temp as $$
begin
    perform from collection
    where root_id = p_root and period_code = p_period and form_code = p_form and sender_path = {SCOPE};
    return found;
end
$$
"""

# The lock that `recompute_rollup` takes, on the node where that works.
HOLD_TREE = """
create function hold_tree(p_root int, p_period text) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(format('tree %s %s', p_root, p_period), 0));
end
$$
"""
FUNCTIONS = {
    "names_file(int, int, text)": IS_NAMED,
    "has_sent(int, text, text)": IS_SENDER,
    "hold_tree(int, text)": HOLD_TREE,
}

FIGURES = [
    (f"{row}.unit_id = any(p_units)", f"{row}.root_id = p_root and {row}.unit_id = any(p_units)") for row in "vxu"
]

# Citus lets `on conflict` ask no setting. The version is held: until the commit nobody opens its values to others.
REFUSED = rf"""    perform from value
    where root_id = p_root and unit_id = p_unit and version_number = p_version and period_code = p_period
      and form_code = p_form and indicator = any(string_to_array(p_indicators, e'\x1f'))
      and not (open_to > 0 and {DEPTH} >= open_to);
    if found then
        raise exception 'values that may not be changed' using errcode = '42501';
    end if;
"""

OVERWRITE = "open_to = excluded.open_to"

# What is written differently in each: before and after.
REWRITTEN = {
    "open_figures": [
        ("open_figures(p_units", "open_figures(p_root integer, p_units"),
        *FIGURES,
        ("where (x.root_id, x.period_code,", "where x.root_id = p_root and (x.root_id, x.period_code,"),
    ],
    "follow_units": [("follow_units(p_units", "follow_units(p_root integer, p_units"), *FIGURES[:1]],
    "sibling_figures": [
        ("sibling_figures(p_period", "sibling_figures(p_root integer, p_period"),
        ("from unit where path =", "from unit where root_id = p_root and path ="),
    ],
    "chain_heads": [
        ("chain_heads()", "chain_heads(p_root integer)"),
        ("from event_chain c", "from (select * from event_chain one where one.root_id = p_root) c"),
    ],
    "put_values": [
        ("    if exists (select from value where", f"{REFUSED}    if exists (select from value where"),
        (f"{OVERWRITE}\n        where value.open_to > 0 and {DEPTH} >= value.open_to;", f"{OVERWRITE};"),
    ],
}

READ_WITH = "alter policy reading on stored_file using ({})"
FILE = "({0}.root_id, {0}.unit_id, {0}.sha256) = (stored_file.root_id, stored_file.unit_id, stored_file.sha256)"
JOIN_BY = f"alter policy joining on collection_addition with check (({OWN} and joined_at is not null) or ({{}}))"
SENT_DOWN = f"""
    {WRITES} and joined_at is null and has_sent(root_id, period_code, form_code)
    and (unit_path <@ {SCOPE} or unit_path @> {SCOPE})
"""

# As they were, for going down again.
OLD_READING = " or ".join(
    f"exists (select from {table} where {FILE.format(table)})" for table in ("evidence", "explanation")
)
OLD_SENT_DOWN = f"""{WRITES} and joined_at is null and exists (
    select from collection c
    where (c.root_id, c.period_code, c.form_code) =
        (collection_addition.root_id, collection_addition.period_code, collection_addition.form_code)
      and c.sender_path = {SCOPE}
      and (collection_addition.unit_path <@ c.sender_path or collection_addition.unit_path @> c.sender_path)
)"""


def upgrade() -> None:
    op.execute("grant create on schema public to huizong_definer")
    for signature, function in FUNCTIONS.items():
        op.execute(function)
        if function is HOLD_TREE:
            op.execute(f"alter function {signature} owner to huizong_definer")
        op.execute(f"revoke all on function {signature} from public")
        op.execute(f"grant execute on function {signature} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")
    op.execute(READ_WITH.format("names_file(root_id, unit_id, sha256)"))
    op.execute(JOIN_BY.format(SENT_DOWN))
    op.drop_constraint(op.f("fk_assignment_person_id"), "assignment")
    for name, changes in REWRITTEN.items():
        _rewrite(name, changes)


def _rewrite(name: str, changes: list[tuple[str, str]]) -> None:
    query = sa.text("select pg_get_functiondef(oid) from pg_proc where proname = :name")
    definition = str(op.get_bind().scalar(query, {"name": name}))
    for old, new in changes:
        definition = definition.replace(old, new)
    op.execute(f"drop function {name}")
    op.execute("grant create on schema public to huizong_definer")
    op.execute(definition)
    op.execute(f"alter function {name} owner to huizong_definer")
    op.execute(f"revoke all on function {name} from public")
    op.execute(f"grant execute on function {name} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")


def downgrade() -> None:
    for name, changes in REWRITTEN.items():
        _rewrite(name, [(new, old) for old, new in changes])
    # Whoever is no longer there sees to nothing.
    op.execute("alter table assignment no force row level security")
    op.execute(
        "delete from assignment where office = '' and person_id is not null"
        " and not exists (select from ab_user where id = person_id)"
    )
    op.execute(
        "update assignment set person_id = null"
        " where person_id is not null and not exists (select from ab_user where id = person_id)"
    )
    op.execute("alter table assignment force row level security")
    op.create_foreign_key(op.f("fk_assignment_person_id"), "assignment", "ab_user", ["person_id"], ["id"])
    op.execute(JOIN_BY.format(OLD_SENT_DOWN))
    op.execute(READ_WITH.format(OLD_READING))
    for signature in FUNCTIONS:
        op.execute(f"drop function {signature}")
