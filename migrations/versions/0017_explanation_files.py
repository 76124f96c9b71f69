"""Keep the files of explanations with the others, once for each content."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FILE = "({0}.root_id, {0}.unit_id, {0}.sha256) = (stored_file.root_id, stored_file.unit_id, stored_file.sha256)"
READ_WITH = "create policy reading on stored_file for select to huizong_app using ({})"
TABLES = ("explanation", "stored_file")


def upgrade() -> None:
    op.add_column("explanation", sa.Column("sha256", sa.Text(), nullable=True))
    _unlocked(
        "insert into stored_file (root_id, unit_id, sha256, size, content, unit_path)"
        " select root_id, unit_id, encode(sha256(content), 'hex'), octet_length(content), content, unit_path"
        " from explanation where content is not null on conflict do nothing",
        "update explanation set sha256 = encode(sha256(content), 'hex') where content is not null",
    )
    op.drop_constraint(op.f("ck_explanation_file"), "explanation")
    op.drop_column("explanation", "content")
    op.create_check_constraint(op.f("ck_explanation_file"), "explanation", "(filename is null) = (sha256 is null)")
    key = ["root_id", "unit_id", "sha256"]
    op.create_foreign_key("fk_explanation_stored_file", "explanation", "stored_file", key, key)
    _readable_through("evidence", "explanation")


def _readable_through(*tables: str) -> None:
    """Whoever reads a row that names a file reads the file."""
    op.execute("drop policy reading on stored_file")
    op.execute(
        READ_WITH.format(" or ".join(f"exists (select from {table} where {FILE.format(table)})" for table in tables))
    )


def _unlocked(*statements: str) -> None:
    for table in TABLES:
        op.execute(f"alter table {table} no force row level security")
    for statement in statements:
        op.execute(statement)
    for table in TABLES:
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    _readable_through("evidence")
    op.add_column("explanation", sa.Column("content", sa.LargeBinary(), nullable=True))
    op.drop_constraint("fk_explanation_stored_file", "explanation")
    op.drop_constraint(op.f("ck_explanation_file"), "explanation")
    _unlocked(
        f"update explanation set content = stored_file.content from stored_file where {FILE.format('explanation')}"
    )
    op.create_check_constraint(op.f("ck_explanation_file"), "explanation", "(filename is null) = (content is null)")
    op.drop_column("explanation", "sha256")
