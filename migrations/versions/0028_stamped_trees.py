"""Stamp the published trees anew whenever they or the paths of units change, and store how many answers are expected.

A process that has read a tree once reads it again only when the stamp is another one. How many answers are expected of
a unit and all below it changes only when somebody is asked, exempted or moved, and is read with every roll-up: whoever
changes it has it counted again.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import LTree

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
FORMS = "current_setting('huizong.forms', true)"
IN_SCOPE = f"unit_path <@ {SCOPE}"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"

COUNT = """
create function count_expected(p_root int, p_period text, p_units int[]) returns void
language plpgsql volatile security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    tree int;
    counted int[];
begin
    -- For these units and all above them; for all units if none are named. The caller holds the trees still, and of two
    -- that count the second sees what the first one changed.
    perform pg_advisory_xact_lock(hashtextextended(format('expected %s %s', p_root, p_period), 0));
    select tree_id into tree from period where code = p_period;
    with recursive line as (
        select unit_id, parent_id from node
        where tree_id = tree and unit_id = any(coalesce(p_units, (
            select array_agg(unit_id) from submission where root_id = p_root and period_code = p_period
        )))
        union
        select above.unit_id, above.parent_id from line
        join node above on above.tree_id = tree and above.unit_id = line.parent_id
    )
    select array_agg(unit_id) into counted from line;
    with fresh as materialized (
        select top.unit_id, s.form_code, s.level, count(*) filter (where s.exempt_reason is null)::int as answers,
               bool_or(s.demo) as demo
        from node top
        join node each on each.tree_id = tree and each.lft between top.lft and top.rgt
        join submission s on s.root_id = p_root and s.period_code = p_period and s.unit_id = each.unit_id
        where top.tree_id = tree and top.unit_id = any(counted)
        group by top.unit_id, s.form_code, s.level
    ), gone as (
        delete from expected_answers e
        where e.root_id = p_root and e.period_code = p_period
          and (p_units is null or e.unit_id = any(counted) or e.unit_id = any(p_units))
          and not exists (
            select from fresh f where f.unit_id = e.unit_id and f.form_code = e.form_code and f.level = e.level
          )
    )
    insert into expected_answers (root_id, period_code, unit_id, form_code, level, answers, demo, unit_path)
    select p_root, p_period, f.unit_id, f.form_code, f.level, f.answers, f.demo, u.path
    from fresh f join unit u on u.id = f.unit_id
    on conflict (root_id, period_code, unit_id, form_code, level) do update
    set answers = excluded.answers, demo = excluded.demo
    where (expected_answers.answers, expected_answers.demo) is distinct from (excluded.answers, excluded.demo);
end
$$
"""

# Also of units that were in sight in the period's tree.
READ = f"""
create function expected_of(p_root int, p_periods text[], p_units int[]) returns setof expected_answers
language sql stable security definer set search_path = public, pg_temp as $$
    select * from expected_answers
    where root_id = p_root and period_code = any(p_periods) and unit_id = any(p_units) and {THIS_FORM}
      and ({IN_SCOPE} or unit_id in (select units_in_sight(period_code)))
$$
"""

FUNCTIONS = {"count_expected(int, text, int[])": COUNT, "expected_of(int, text[], int[])": READ}

ALREADY = """
select count_expected(root_id, period_code, null) from (select distinct root_id, period_code from collection) sent
"""


def upgrade() -> None:
    op.add_column("tree", sa.Column("stamp", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False))
    op.alter_column("tree", "stamp", server_default=None)
    op.create_table(
        "expected_answers",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_expected_answers_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "root_id", "period_code", "unit_id", "form_code", "level", name=op.f("pk_expected_answers")
        ),
    )
    op.create_index("ix_expected_answers_unit", "expected_answers", ["unit_id"])
    op.execute("grant select on expected_answers to huizong_app")
    op.execute("grant select, insert, update, delete on expected_answers to huizong_definer")
    op.execute("alter table expected_answers enable row level security")
    op.execute("alter table expected_answers force row level security")
    op.execute("create policy definer on expected_answers to huizong_definer using (true) with check (true)")
    op.execute(
        f"create policy reading on expected_answers for select to huizong_app using ({IN_SCOPE} and {THIS_FORM})"
    )
    op.execute("grant create on schema public to huizong_definer")
    for signature, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"alter function {signature} owner to huizong_definer")
        op.execute(f"revoke all on function {signature} from public")
        op.execute(f"grant execute on function {signature} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")
    op.execute("alter table collection no force row level security")
    op.execute(ALREADY)
    op.execute("alter table collection force row level security")


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"drop function {signature}")
    op.drop_table("expected_answers")
    op.drop_column("tree", "stamp")
