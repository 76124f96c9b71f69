"""Let a waiver begin with the period that it was granted for, so that earlier reports are judged as they were."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("waiver", "submission", "collection")

# Which period a waiver was granted for was not kept: the last one that the unit was asked about by then.
GRANTED_FOR = """
update waiver w set from_period = coalesce(
    (select c.period_code from submission s
     join collection c on (c.root_id, c.period_code, c.form_code) = (s.root_id, s.period_code, s.form_code)
     where s.root_id = w.root_id and s.unit_id = w.unit_id and s.form_code = w.form_code
       and c.opens_on <= w.approved_at::date
     order by c.opens_on desc limit 1),
    to_char(w.approved_at, 'YYYY'))
"""


def upgrade() -> None:
    op.add_column("waiver", sa.Column("from_period", sa.Text(), nullable=True))
    for table in TABLES:
        op.execute(f"alter table {table} no force row level security")
    op.execute(GRANTED_FOR)
    for table in TABLES:
        op.execute(f"alter table {table} force row level security")
    op.alter_column("waiver", "from_period", nullable=False)


def downgrade() -> None:
    op.drop_column("waiver", "from_period")
