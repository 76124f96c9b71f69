"""Tell whoever sends a form down which versions others of the tree sent down for the period, in sight or not.

Accepted figures go by the indicator's code, so that two forms of one tree and period must not share any. Those who send
forms down for one period wait for each other.
"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"

SIGNATURE = "versions_collected(int, text)"
VERSIONS = f"""
create function versions_collected(p_root int, p_period text) returns setof int
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('codes ' || p_root || ' ' || p_period, 0));
    return query
    select c.form_version_id from collection c
    where c.root_id = p_root and c.period_code = p_period
      and exists (select from unit u where u.id = p_root and u.path @> {SCOPE});
end
$$
"""


def upgrade() -> None:
    op.execute("grant create on schema public to huizong_definer")
    op.execute(VERSIONS)
    op.execute(f"alter function {SIGNATURE} owner to huizong_definer")
    op.execute(f"revoke all on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")


def downgrade() -> None:
    op.execute(f"drop function {SIGNATURE}")
