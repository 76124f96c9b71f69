"""Tell by functions which trees periods are rolled up by, which forms were sent down for them, and what was entered.

A roll-up is then read in one statement, with everything that it is made of. It calls functions of its parameters and
nothing else: only such a statement is planned once and not each time.
"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

TREES = """
create function trees_of(p_periods text[], p_ends date[])
returns table (period_code text, tree_id text, stamp text)
language plpgsql stable set search_path = public, pg_temp as $$
begin
    return query
    select asked.code, t.id::text, t.stamp::text
    from unnest(p_periods, p_ends) as asked(code, ends_on)
    join tree t on t.id = coalesce(
        (select p.tree_id from period p where p.code = asked.code),
        (select e.id from tree e where e.effective_on <= asked.ends_on order by e.effective_on desc limit 1),
        (select f.id from tree f where f.in_force order by f.effective_on desc limit 1)
    );
end
$$
"""

SENT = """
create function sent_down(p_root int, p_periods text[], p_above ltree[])
returns table (period_code text, form_code text, version text, digest text, unit_path text, added text,
               joined_at timestamptz)
language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
    return query
    select c.period_code::text, c.form_code::text, v.id::text, v.digest::text, a.unit_path::text, f.digest::text,
           a.joined_at
    from collection c
    join form_version v on v.id = c.form_version_id
    left join collection_addition a
      on a.root_id = c.root_id and a.period_code = c.period_code and a.form_code = c.form_code
      and a.unit_path = any(p_above)
    left join form_addition f
      on f.root_id = a.root_id and f.unit_id = a.unit_id and f.form_code = a.form_code and f.number = a.number
    where c.root_id = p_root and c.period_code = any(p_periods)
    order by a.unit_path;
end
$$
"""

ENTERED = """
create function entries_of(p_root int, p_periods text[], p_indicators text[])
returns table (period_code text, unit_id text, indicator text, kind text, amount text)
language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
    return query
    select each, a.unit_id::text, a.indicator, a.kind, a.amount::text
    from unnest(p_periods) each cross join lateral rollup_entry_amounts(p_root, each) a
    where p_indicators is null or a.indicator = any(p_indicators);
end
$$
"""

FUNCTIONS = {
    "trees_of(text[], date[])": TREES,
    "sent_down(int, text[], ltree[])": SENT,
    "entries_of(int, text[], text[])": ENTERED,
}


def upgrade() -> None:
    for signature, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"revoke all on function {signature} from public")
        op.execute(f"grant execute on function {signature} to huizong_app")


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"drop function {signature}")
