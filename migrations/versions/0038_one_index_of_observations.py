"""Keep observations by unit alone, roll-ups by indicator first, and tell expected answers a period at a time.

An observation is stored once and found by its unit: whoever asks for one indicator of many units names the units. So one
index is enough, and it grows in the order in which a unit's figures are written; a second one, led by the indicator, took
half of the time of accepting.

A roll-up is found by its key where indicators are asked for, and by units and period where all are. With both in one
order the planner takes either for the other.
"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
FORMS = "current_setting('huizong.forms', true)"
SEPARATOR = r"e'\x1f'"  # stands in no code

COLUMNS = ("unit_id::text", "form_code", "level", "answers::text", "demo::int::text")
CELLS = ", ".join(f"string_agg(e.{column}, {SEPARATOR})" for column in COLUMNS)

EXPECTED = """
create function expected_of(p_root int, p_periods text[], p_units int[])
returns table ({told})
language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    scope ltree := {scope};
    forms text := {forms};
    periods text[];
    visible int[];
begin
    for periods, visible in
        select p_periods, array(select id from unit where id = any(p_units) and coalesce(path <@ scope, false))
        union all
        select array[each], array(
            select id from unit
            where id = any(p_units) and not coalesce(path <@ scope, false) and id in (select units_in_sight(each))
        )
        from unnest(p_periods) each
        where exists (select from unit where id = any(p_units) and not coalesce(path <@ scope, false))
    loop
        return query
        select {columns}
        from expected_answers e
        where e.root_id = p_root and e.period_code = any(periods) and e.unit_id = any(visible)
          and (forms = '*' or e.form_code = any(string_to_array(forms, ','))){grouped};
    end loop;
end
$$
"""
JOINED = {
    "told": "period_code text, units text, forms text, levels text, answers text, demo text",
    "columns": f"e.period_code, {CELLS}",
    "grouped": "\n        group by e.period_code",
}
APART = {
    "told": "period_code text, unit_id int, form_code text, level text, answers int, demo boolean",
    "columns": "e.period_code, e.unit_id, e.form_code, e.level, e.answers, e.demo",
    "grouped": "",
}

# A unit's observations are found a period at a time: there is no index by unit alone.
FOLLOW = """
create or replace function follow_units(p_root int, p_units int[]) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    update value x set unit_path = v.unit_path from submission_version v
    where v.root_id = p_root and v.unit_id = any(p_units) and x.unit_path <> v.unit_path
      and (x.root_id, x.unit_id, x.version_number, x.period_code, x.form_code)
        = (v.root_id, v.unit_id, v.number, v.period_code, v.form_code);
    update observation x set unit_path = u.path from {units}
    where x.root_id = p_root and {found} and u.id = x.unit_id and x.unit_path <> u.path
$$
"""
A_PERIOD_AT_A_TIME = {"units": "unit u, period p", "found": "x.period_code = p.code and u.id = any(p_units)"}
ALL_PERIODS = {"units": "unit u", "found": "x.unit_id = any(p_units)"}


def upgrade() -> None:
    _key("observation", "root_id, period_code, unit_id, indicator")
    op.drop_index("ix_observation_unit", "observation")
    _key("rollup", "root_id, period_code, indicator, unit_id, category")
    op.drop_index("ix_rollup_indicator", "rollup")
    op.drop_index("ix_rollup_unit", "rollup")
    op.create_index("ix_rollup_unit", "rollup", ["unit_id", "root_id", "period_code"])
    _functions(JOINED, A_PERIOD_AT_A_TIME)


def downgrade() -> None:
    _functions(APART, ALL_PERIODS)
    op.drop_index("ix_rollup_unit", "rollup")
    op.create_index("ix_rollup_unit", "rollup", ["unit_id"])
    op.create_index("ix_rollup_indicator", "rollup", ["root_id", "period_code", "indicator", "unit_id"])
    _key("rollup", "root_id, period_code, unit_id, indicator, category")
    op.create_index("ix_observation_unit", "observation", ["unit_id", "root_id", "period_code"])
    _key("observation", "root_id, period_code, indicator, unit_id")


def _key(table: str, columns: str) -> None:
    op.execute(f"alter table {table} drop constraint pk_{table}")
    op.execute(f"alter table {table} add constraint pk_{table} primary key ({columns})")


def _functions(expected: dict[str, str], following: dict[str, str]) -> None:
    op.execute("grant create on schema public to huizong_definer")
    op.execute("drop function expected_of(int, text[], int[])")
    op.execute(EXPECTED.format(scope=SCOPE, forms=FORMS, **expected))
    op.execute("alter function expected_of(int, text[], int[]) owner to huizong_definer")
    op.execute("revoke all on function expected_of(int, text[], int[]) from public")
    op.execute("grant execute on function expected_of(int, text[], int[]) to huizong_app")
    op.execute(FOLLOW.format(**following))
    op.execute("revoke create on schema public from huizong_definer")
