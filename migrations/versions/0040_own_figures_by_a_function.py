"""Tell units' own figures by a function: a policy asks for every one of thousands of rows whether its unit is in sight."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
FORMS = "current_setting('huizong.forms', true)"
SEPARATOR = r"e'\x1f'"  # stands in no code

COLUMNS = (
    "o.unit_id::text",
    "o.form_code",
    "o.status",
    "coalesce(o.number::text, '')",
    "coalesce(case when o.number is null then o.amount::text end, '')",  # else it was stored as it was reported
    "coalesce(case when o.number is null then o.weight::text end, '')",
)
CELLS = ", ".join(f"string_agg({column}, {SEPARATOR})" for column in COLUMNS)

SIGNATURE = "own_observations(int, text, text, int[])"
OWN = f"""
create function own_observations(p_root int, p_period text, p_indicator text, p_units int[])
returns table (units text, forms text, statuses text, numbers text, amounts text, weights text)
language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    allowed text := {FORMS};
    visible int[] := array(select id from unit where id = any(p_units) and path <@ {SCOPE});
begin
    return query
    select {CELLS}
    from observation o
    where o.root_id = p_root and o.period_code = p_period and o.indicator = p_indicator and o.unit_id = any(visible)
      and (allowed = '*' or o.form_code = any(string_to_array(allowed, ',')))
    having count(*) > 0;
end
$$
"""


def upgrade() -> None:
    op.execute("grant create on schema public to huizong_definer")
    op.execute(OWN)
    op.execute(f"alter function {SIGNATURE} owner to huizong_definer")
    op.execute(f"revoke all on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")


def downgrade() -> None:
    op.execute(f"drop function {SIGNATURE}")
