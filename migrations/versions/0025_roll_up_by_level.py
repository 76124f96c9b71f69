"""Recompute all stored roll-ups of a level in one statement, and find a unit's rows by the unit alone.

A reorganisation rewrites the path in the rows of every unit that moves: without an index that begins with the unit,
each of them costs a scan of the table. Many units at once take the lock that a reorganisation takes, and no others.
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

MANY = 100
"""Units from which on a recomputation takes the whole tree of the period for itself."""

TABLES = ("explanation", "list_row", "passage", "rollup", "submission", "submission_version", "upload", "value")

REORDERED = {
    ("ix_observation_unit", "observation"): ["root_id", "period_code", "unit_id"],
    ("ix_event_unit_id", "event"): ["root_id", "unit_id", "number"],
}
"""Indexes that named the unit in the middle."""

RECOMPUTE = f"""
create or replace function recompute_rollup(p_root int, p_period text, p_units int[]) returns void
language plpgsql volatile security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    tree_lock bigint := hashtextextended(format('tree %s %s', p_root, p_period), 0);
    many boolean := cardinality(p_units) >= {MANY};
    tree int;
    ancestors int[];
begin
    -- A reorganisation takes this lock exclusively: the tree stands still until we have committed.
    if many then
        perform pg_advisory_xact_lock(tree_lock);
    else
        perform pg_advisory_xact_lock_shared(tree_lock);
    end if;
    select tree_id into tree from period where code = p_period;
    for ancestors in
        select array_agg(distinct a.unit_id order by a.unit_id) from node u
        join node a on a.tree_id = u.tree_id and a.lft <= u.lft and a.rgt >= u.rgt
        where u.tree_id = tree and u.unit_id = any(p_units) and a.depth > 0 and a.rgt > a.lft
        group by a.depth order by a.depth desc
    loop
        if not many then
            perform pg_advisory_xact_lock(hashtextextended(format('rollup %s %s %s', p_root, p_period, each), 0))
            from unnest(ancestors) each;
        end if;
        -- A statement of its own after the locks: it sees what was committed before it began.
        with below as materialized (
            select parent_id as target, unit_id, rgt > lft as inner_unit from node
            where tree_id = tree and parent_id = any(ancestors)
        ), counted as materialized (
            select each as target, each as unit_id from unnest(ancestors) each
            union all
            select target, unit_id from below where not inner_unit
        ), fresh as materialized (
            select target, indicator, category, sum(reported)::int as reported,
                   sum(not_applicable)::int as not_applicable, sum(amount) as amount, sum(weight) as weight,
                   min(low) as minimum, max(high) as maximum, min(form_code) as form_code
            from (
                select c.target, o.form_code, o.indicator,
                       unnest(case o.category when '' then array[''] else array['', o.category] end) as category,
                       (o.status = 'reported')::int as reported, (o.status = 'not_applicable')::int as not_applicable,
                       o.amount, o.weight, o.number as low, o.number as high
                from counted c
                join observation o on o.root_id = p_root and o.period_code = p_period and o.unit_id = c.unit_id
                union all
                select b.target, r.form_code, r.indicator, r.category, r.reported, r.not_applicable,
                       r.amount, r.weight, r.minimum, r.maximum
                from below b
                join rollup r on r.root_id = p_root and r.period_code = p_period and r.unit_id = b.unit_id
                where b.inner_unit
            ) part
            group by target, indicator, category
        ), gone as (
            delete from rollup r
            where r.root_id = p_root and r.period_code = p_period and r.unit_id = any(ancestors)
              and not exists (
                select from fresh f
                where f.target = r.unit_id and f.indicator = r.indicator and f.category = r.category
              )
        )
        insert into rollup (root_id, period_code, unit_id, unit_path, indicator, category,
                            reported, not_applicable, amount, weight, minimum, maximum, form_code)
        select p_root, p_period, f.target, u.path, f.indicator, f.category,
               f.reported, f.not_applicable, f.amount, f.weight, f.minimum, f.maximum, f.form_code
        from fresh f join unit u on u.id = f.target
        order by f.target, f.indicator, f.category
        on conflict (root_id, period_code, unit_id, indicator, category) do update
        set reported = excluded.reported, not_applicable = excluded.not_applicable, amount = excluded.amount,
            weight = excluded.weight, minimum = excluded.minimum, maximum = excluded.maximum
        where (rollup.reported, rollup.not_applicable, rollup.amount, rollup.weight, rollup.minimum, rollup.maximum)
            is distinct from (excluded.reported, excluded.not_applicable, excluded.amount, excluded.weight,
                              excluded.minimum, excluded.maximum);
    end loop;
end
$$
"""

# Unit by unit, for going down again.
ONE_BY_ONE = """
create or replace function recompute_rollup(p_root int, p_period text, p_units int[]) returns void
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

ONE = """
create function recompute_rollup_of(p_root int, p_period text, p_tree int, p_unit int) returns void
language sql volatile as $$
    with children as materialized (
        select unit_id, rgt > lft as inner_unit from node where tree_id = p_tree and parent_id = p_unit
    ), parts as (
        select o.form_code, o.indicator, c.category, (o.status = 'reported')::int as reported,
               (o.status = 'not_applicable')::int as not_applicable, o.amount, o.weight, o.number as low, o.number as high
        from observation o
        cross join lateral (select '' union select o.category) as c(category)
        where o.root_id = p_root and o.period_code = p_period
          and o.unit_id in (select p_unit union all select unit_id from children where not inner_unit)
        union all
        select r.form_code, r.indicator, r.category, r.reported, r.not_applicable, r.amount, r.weight,
               r.minimum, r.maximum
        from rollup r
        where r.root_id = p_root and r.period_code = p_period
          and r.unit_id in (select unit_id from children where inner_unit)
    ), fresh as materialized (
        select indicator, category, sum(reported)::int as reported, sum(not_applicable)::int as not_applicable,
               sum(amount) as amount, sum(weight) as weight, min(low) as minimum, max(high) as maximum,
               min(form_code) as form_code
        from parts group by indicator, category
    ), gone as (
        delete from rollup r
        where r.root_id = p_root and r.period_code = p_period and r.unit_id = p_unit
          and not exists (select from fresh f where f.indicator = r.indicator and f.category = r.category)
    )
    insert into rollup (root_id, period_code, unit_id, unit_path, indicator, category,
                        reported, not_applicable, amount, weight, minimum, maximum, form_code)
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


def upgrade() -> None:
    op.execute(RECOMPUTE)
    op.execute("drop function recompute_rollup_of(int, text, int, int)")
    for (name, table), columns in REORDERED.items():
        op.drop_index(name, table)
        op.create_index(name, table, sorted(columns, key=lambda column: column != "unit_id"))
    for table in TABLES:
        op.create_index(f"ix_{table}_unit", table, ["unit_id"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_unit", table)
    for (name, table), columns in REORDERED.items():
        op.drop_index(name, table)
        op.create_index(name, table, columns)
    op.execute("grant create on schema public to huizong_definer")
    op.execute(ONE)
    op.execute("alter function recompute_rollup_of(int, text, int, int) owner to huizong_definer")
    op.execute("revoke all on function recompute_rollup_of(int, text, int, int) from public")
    op.execute("revoke create on schema public from huizong_definer")
    op.execute(ONE_BY_ONE)
