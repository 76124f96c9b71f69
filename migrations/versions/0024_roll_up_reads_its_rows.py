"""Recompute a stored roll-up from its units' rows only: an `or` made PostgreSQL read all rows of the period."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

EITHER = "(o.unit_id = p_unit or o.unit_id in (select unit_id from children where not inner_unit))"
ONE_OF = "o.unit_id in (select p_unit union all select unit_id from children where not inner_unit)"

RECOMPUTE_ONE = """
create or replace function recompute_rollup_of(p_root int, p_period text, p_tree int, p_unit int) returns void
language sql volatile as $$
    with children as materialized (
        select unit_id, rgt > lft as inner_unit from node where tree_id = p_tree and parent_id = p_unit
    ), parts as (
        select o.form_code, o.indicator, c.category, (o.status = 'reported')::int as reported,
               (o.status = 'not_applicable')::int as not_applicable, o.amount, o.weight, o.number as low, o.number as high
        from observation o
        cross join lateral (select '' union select o.category) as c(category)
        where o.root_id = p_root and o.period_code = p_period
          and {members}
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
    op.execute(RECOMPUTE_ONE.format(members=ONE_OF))


def downgrade() -> None:
    op.execute(RECOMPUTE_ONE.format(members=EITHER))
