"""Let the tree be reorganised: what is described, applied and published, and what follows from it.

A tree says whether it is in force, so that it comes into force in the same transaction in which the paths of units
follow it. Whoever stood above a unit in the tree of a period, or stands above all its successors, may have its accepted
figures of that period in a total, also when the unit itself has moved out of sight since.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portal.db import LTree

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
FORMS = "current_setting('huizong.forms', true)"
WRITES = "current_setting('huizong.writes', true) = 'on'"
IN_SCOPE = f"unit_path <@ {SCOPE}"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
OWN = f"unit_path = {SCOPE}"

# Only removes what the period's tree says is not stored.
DROP_ROLLUPS = """
create function drop_rollups(p_root int, p_period text) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    delete from rollup r using period p
    where p.code = p_period and r.root_id = p_root and r.period_code = p_period
      and not exists (
        select from node n
        where n.tree_id = p.tree_id and n.unit_id = r.unit_id and n.depth > 0 and n.rgt > n.lft
      )
$$
"""

# Reads shared tables only. Nothing where the period's tree is the one in force: then the scope says it all.
UNITS_IN_SIGHT = f"""
create function units_in_sight(p_period text) returns setof int
language sql stable set search_path = public, pg_temp as $$
    with recursive today as (
        select id, effective_on from tree where in_force order by effective_on desc limit 1
    ), past as (
        select p.tree_id, p.ends_on from period p
        where p.code = p_period and p.tree_id <> (select id from today)
    ), tops as (
        select n.lft, n.rgt from past
        join node n on n.tree_id = past.tree_id
        join unit u on u.id = n.unit_id
        left join unit above on above.id = n.parent_id
        where u.path <@ {SCOPE} and not coalesce(above.path <@ {SCOPE}, false)
    ), line(unit_id, heir, since) as (
        select distinct s.old_id, s.old_id, past.ends_on from past, succession s
        union
        select l.unit_id, s.new_id, s.effective_on from line l
        join succession s on s.old_id = l.heir and s.effective_on = (
            select min(n.effective_on) from succession n
            where n.old_id = l.heir and n.effective_on > l.since and n.effective_on <= (select effective_on from today)
        )
    ), heirs as (
        select l.unit_id, bool_and(coalesce(u.path <@ {SCOPE}, false)) as all_in_scope from line l
        join unit u on u.id = l.heir
        where not exists (
            select from succession n
            where n.old_id = l.heir and n.effective_on > l.since and n.effective_on <= (select effective_on from today)
        )
        group by l.unit_id
    )
    select u.id from unit u
    where not coalesce(u.path <@ {SCOPE}, false) and (
        u.id in (
            select n.unit_id from past join node n on n.tree_id = past.tree_id
            join tops on n.lft between tops.lft and tops.rgt
        )
        or u.id in (select unit_id from heirs where all_in_scope)
    )
$$
"""

OBSERVED_IN_SIGHT = f"""
create function observed_in_sight(p_root int, p_period text) returns setof observation
language sql stable security definer set search_path = public, pg_temp as $$
    select * from observation
    where root_id = p_root and period_code = p_period and {THIS_FORM}
      and unit_id in (select units_in_sight(p_period))
$$
"""

EXPECTED = f"""
create or replace function expected_submissions(p_root int, p_period text)
returns table (unit_id int, form_code text, level text, exempt boolean, demo boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select unit_id, form_code, level, exempt_reason is not null, demo from submission
    where root_id = p_root and period_code = p_period and {{seen}} and {THIS_FORM}
$$
"""

DEFINER_FUNCTIONS = {
    "drop_rollups(int, text)": DROP_ROLLUPS,
    "observed_in_sight(int, text)": OBSERVED_IN_SIGHT,
}


def upgrade() -> None:
    op.add_column("tree", sa.Column("in_force", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.alter_column("tree", "in_force", server_default=None)
    op.create_table(
        "reorganisation",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.CheckConstraint(
            "state in ('draft', 'applied', 'published', 'undone')", name=op.f("ck_reorganisation_state")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_reorganisation_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "number", name=op.f("pk_reorganisation")),
    )
    op.execute("grant select, insert, update, delete on reorganisation to huizong_app")
    op.execute("alter table reorganisation enable row level security")
    op.execute("alter table reorganisation force row level security")
    op.execute("create policy definer on reorganisation to huizong_definer using (true) with check (true)")
    # A draft is its unit's own; what was done to the tree is known to everybody above and below.
    op.execute(
        "create policy reading on reorganisation for select to huizong_app"
        f" using ({FORMS} <> '' and ({OWN} or state <> 'draft' and (unit_path @> {SCOPE} or {IN_SCOPE})))"
    )
    op.execute(
        "create policy writing on reorganisation to huizong_app"
        f" using ({OWN} and {WRITES}) with check ({OWN} and {WRITES})"
    )
    op.execute("grant select on tree, succession to huizong_definer")
    op.execute("grant create on schema public to huizong_definer")
    op.execute(UNITS_IN_SIGHT)
    for signature, function in DEFINER_FUNCTIONS.items():
        op.execute(function)
        op.execute(f"alter function {signature} owner to huizong_definer")
        op.execute(f"revoke all on function {signature} from public")
        op.execute(f"grant execute on function {signature} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")
    op.execute(EXPECTED.format(seen=f"({IN_SCOPE} or unit_id in (select units_in_sight(p_period)))"))


def downgrade() -> None:
    op.execute(EXPECTED.format(seen=IN_SCOPE))
    for signature in DEFINER_FUNCTIONS:
        op.execute(f"drop function {signature}")
    op.execute("drop function units_in_sight(text)")
    op.execute("revoke all on tree, succession from huizong_definer")
    op.drop_table("reorganisation")
    op.drop_column("tree", "in_force")
