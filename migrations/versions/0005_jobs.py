"""Create procrastinate's tables and functions."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers")

DROP_REST = """
do $$
declare
    thing record;
begin
    for thing in select oid::regprocedure as name from pg_proc where proname like 'procrastinate\\_%' loop
        execute format('drop function %s', thing.name);
    end loop;
    for thing in select oid::regtype as name from pg_type
        where typname like 'procrastinate\\_%' and typrelid in (0, (select typrelid where typtype = 'c')) and typelem = 0
    loop
        execute format('drop type %s', thing.name);
    end loop;
end $$
"""


def upgrade() -> None:
    op.get_bind().connection.cursor().execute(SchemaManager.get_schema())
    for table in TABLES:
        op.execute(f"grant select, insert, update, delete on {table} to huizong_app")
    op.execute("grant usage on all sequences in schema public to huizong_app")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"drop table {table} cascade")
    op.execute(DROP_REST)
