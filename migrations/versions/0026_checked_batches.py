"""Let a batch only check the answers of many units, and enter nothing."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OF_BATCHES = ("batch", "batch_piece", "batch_line")


def upgrade() -> None:
    _kinds("templates", "table", "answers", "check")


def downgrade() -> None:
    for table in OF_BATCHES:
        op.execute(f"alter table {table} no force row level security")
    op.execute("delete from batch where kind = 'check'")
    for table in OF_BATCHES:
        op.execute(f"alter table {table} force row level security")
    _kinds("templates", "table", "answers")


def _kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_batch_kind"), "batch")
    op.create_check_constraint(op.f("ck_batch_kind"), "batch", f"kind in {kinds}")
