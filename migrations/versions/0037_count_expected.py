"""Count expected answers without joining every unit with all below it, and find made-up answers by an index.

All at once each answer climbs to the units above it. After a change to a few units those above them are counted again
from what is stored of the units directly below.
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

LOCKED = """
    -- For these units and all above them; for all units if none are named. The caller holds the trees still, and of two
    -- that count the second sees what the first one changed.
    perform pg_advisory_xact_lock(hashtextextended(format('expected %s %s', p_root, p_period), 0));
    select tree_id into tree from period where code = p_period;"""

WRITTEN = """
        insert into expected_answers (root_id, period_code, unit_id, form_code, level, answers, demo, unit_path)
        select p_root, p_period, f.unit_id, f.form_code, f.level, f.answers, f.demo, u.path
        from fresh f join unit u on u.id = f.unit_id
        on conflict (root_id, period_code, unit_id, form_code, level) do update
        set answers = excluded.answers, demo = excluded.demo
        where (expected_answers.answers, expected_answers.demo) is distinct from (excluded.answers, excluded.demo);"""

NOT_FRESH = """not exists (
                select from fresh f where f.unit_id = e.unit_id and f.form_code = e.form_code and f.level = e.level
              )"""

COUNT = f"""
create or replace function count_expected(p_root int, p_period text, p_units int[]) returns void
language plpgsql volatile security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    tree int;
    counting int[];
begin{LOCKED}
    if p_units is null then
        -- Citus takes the parts one by one, each as a whole.
        with fresh as materialized (
            with recursive climbing as (
                select s.unit_id, n.parent_id, s.form_code, s.level, (s.exempt_reason is null)::int as answers, s.demo
                from submission s join node n on n.tree_id = tree and n.unit_id = s.unit_id
                where s.root_id = p_root and s.period_code = p_period
                union all
                select above.unit_id, above.parent_id, c.form_code, c.level, c.answers, c.demo
                from climbing c join node above on above.tree_id = tree and above.unit_id = c.parent_id
            )
            select unit_id, form_code, level, sum(answers)::int as answers, bool_or(demo) as demo
            from climbing group by unit_id, form_code, level
        ), gone as (
            delete from expected_answers e
            where e.root_id = p_root and e.period_code = p_period and {NOT_FRESH}
        ){WRITTEN}
        return;
    end if;
    delete from expected_answers e
    where e.root_id = p_root and e.period_code = p_period and e.unit_id = any(p_units)
      and not exists (select from node n where n.tree_id = tree and n.unit_id = e.unit_id);
    for counting in
        with recursive line as (
            select unit_id, parent_id, depth from node where tree_id = tree and unit_id = any(p_units)
            union
            select above.unit_id, above.parent_id, above.depth from line
            join node above on above.tree_id = tree and above.unit_id = line.parent_id
        )
        select array_agg(unit_id) from line group by depth order by depth desc
    loop
        with fresh as materialized (
            select part.unit_id, part.form_code, part.level, sum(part.answers)::int as answers, bool_or(part.demo) as demo
            from (
                select s.unit_id, s.form_code, s.level, (s.exempt_reason is null)::int as answers, s.demo
                from submission s
                where s.root_id = p_root and s.period_code = p_period and s.unit_id = any(counting)
                union all
                select n.parent_id, e.form_code, e.level, e.answers, e.demo
                from node n
                join expected_answers e on e.root_id = p_root and e.period_code = p_period and e.unit_id = n.unit_id
                where n.tree_id = tree and n.parent_id = any(counting)
            ) part
            group by part.unit_id, part.form_code, part.level
        ), gone as (
            delete from expected_answers e
            where e.root_id = p_root and e.period_code = p_period and e.unit_id = any(counting) and {NOT_FRESH}
        ){WRITTEN}
    end loop;
end
$$
"""

# Every unit with all below it, for going down again.
BY_UNIT = f"""
create or replace function count_expected(p_root int, p_period text, p_units int[]) returns void
language plpgsql volatile security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    tree int;
    counted int[];
begin{LOCKED}
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
          and {NOT_FRESH}
    ){WRITTEN}
end
$$
"""


def upgrade() -> None:
    op.execute(COUNT)
    op.execute("create index ix_submission_demo on submission (root_id, period_code, unit_id) where demo")


def downgrade() -> None:
    op.drop_index("ix_submission_demo", "submission")
    op.execute(BY_UNIT)
