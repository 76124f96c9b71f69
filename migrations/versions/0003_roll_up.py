"""Roll up inside the accepting transaction.

Stored are the inner units below the top one; the top unit is summed when read, so that no row is shared by all
acceptances of a province. Locks are taken deepest unit first and in order of id, and each recomputation is a statement
of its own after its lock, because a statement sees only what was committed before it began (READ COMMITTED).
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RECOMPUTE_ONE = """
create function recompute_rollup_of(p_root int, p_period text, p_tree int, p_unit int) returns void
language sql volatile as $$
    with children as materialized (
        select unit_id, rgt > lft as inner_unit from node where tree_id = p_tree and parent_id = p_unit
    ), parts as (
        select o.indicator, c.category, (o.status = 'reported')::int as reported,
               (o.status = 'not_applicable')::int as not_applicable, o.amount, o.weight, o.number as low, o.number as high
        from observation o
        cross join lateral (select '' union select o.category) as c(category)
        where o.root_id = p_root and o.period_code = p_period
          and (o.unit_id = p_unit or o.unit_id in (select unit_id from children where not inner_unit))
        union all
        select r.indicator, r.category, r.reported, r.not_applicable, r.amount, r.weight, r.minimum, r.maximum
        from rollup r
        where r.root_id = p_root and r.period_code = p_period
          and r.unit_id in (select unit_id from children where inner_unit)
    ), fresh as materialized (
        select indicator, category, sum(reported)::int as reported, sum(not_applicable)::int as not_applicable,
               sum(amount) as amount, sum(weight) as weight, min(low) as minimum, max(high) as maximum
        from parts group by indicator, category
    ), gone as (
        delete from rollup r
        where r.root_id = p_root and r.period_code = p_period and r.unit_id = p_unit
          and not exists (select from fresh f where f.indicator = r.indicator and f.category = r.category)
    )
    insert into rollup (root_id, period_code, unit_id, unit_path, indicator, category,
                        reported, not_applicable, amount, weight, minimum, maximum)
    select p_root, p_period, p_unit, (select path from unit where id = p_unit), f.*
    from fresh f order by f.indicator, f.category
    on conflict (root_id, period_code, unit_id, indicator, category) do update
    set reported = excluded.reported, not_applicable = excluded.not_applicable, amount = excluded.amount,
        weight = excluded.weight, minimum = excluded.minimum, maximum = excluded.maximum
    where (rollup.reported, rollup.not_applicable, rollup.amount, rollup.weight, rollup.minimum, rollup.maximum)
        is distinct from (excluded.reported, excluded.not_applicable, excluded.amount, excluded.weight,
                          excluded.minimum, excluded.maximum)
$$
"""

RECOMPUTE = """
create function recompute_rollup(p_root int, p_period text, p_units int[]) returns void
language plpgsql volatile security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    tree int;
    ancestor int;
begin
    -- A reorganisation takes this lock exclusively: the tree stands still until we have committed.
    perform pg_advisory_xact_lock_shared(hashtextextended(format('tree %s %s', p_root, p_period), 0));
    select tree_id into tree from period where code = p_period;
    for ancestor in
        select distinct a.unit_id, a.depth from node u
        join node a on a.tree_id = u.tree_id and a.lft <= u.lft and a.rgt >= u.rgt
        where u.tree_id = tree and u.unit_id = any(p_units) and a.depth > 0 and a.rgt > a.lft
        order by a.depth desc, a.unit_id
    loop
        perform pg_advisory_xact_lock(hashtextextended(format('rollup %s %s %s', p_root, p_period, ancestor), 0));
        perform recompute_rollup_of(p_root, p_period, tree, ancestor);
    end loop;
end
$$
"""


def upgrade() -> None:
    op.execute("grant select on observation, unit, node, period to huizong_definer")
    op.execute("grant select, insert, update, delete on rollup to huizong_definer")
    op.execute("grant create on schema public to huizong_definer")
    for function, signature in (
        (RECOMPUTE_ONE, "recompute_rollup_of(int, text, int, int)"),
        (RECOMPUTE, "recompute_rollup(int, text, int[])"),
    ):
        op.execute(function)
        op.execute(f"alter function {signature} owner to huizong_definer")
        op.execute(f"revoke all on function {signature} from public")
    op.execute("grant execute on function recompute_rollup(int, text, int[]) to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")


def downgrade() -> None:
    op.execute("drop function recompute_rollup(int, text, int[])")
    op.execute("drop function recompute_rollup_of(int, text, int, int)")
    op.execute("revoke all on observation, unit, node, period, rollup from huizong_definer")
