"""Let units above enter answers where a collection says so, and keep work on the answers of many units at once.

A batch is its unit's own affair: the file it is about, in pieces, and a line for every unit that it told of.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import LTree

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
WRITES = "current_setting('huizong.writes', true) = 'on'"
OWN = f"unit_path = {SCOPE}"

BATCH = ("root_id", "unit_id", "batch_id")


def upgrade() -> None:
    op.add_column("collection", sa.Column("entered_above", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.alter_column("collection", "entered_above", server_default=None)
    _batch()
    op.create_table(
        "batch_piece",
        *_of_a_batch("batch_piece"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(*BATCH, "number", name=op.f("pk_batch_piece")),
    )
    op.create_table(
        "batch_line",
        *_of_a_batch("batch_line"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("counts", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("findings", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint(*BATCH, "name", name=op.f("pk_batch_line")),
    )
    for table in ("batch", "batch_piece", "batch_line"):
        op.execute(f"grant select, insert, update, delete on {table} to huizong_app")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy definer on {table} to huizong_definer using (true) with check (true)")
        op.execute(f"create policy reading on {table} for select to huizong_app using ({OWN} and {DEPTH} > 0)")
        op.execute(
            f"create policy writing on {table} to huizong_app"
            f" using ({OWN} and {WRITES}) with check ({OWN} and {WRITES})"
        )


def _batch() -> None:
    op.create_table(
        "batch",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("with_figures", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("report", sa.dialects.postgresql.JSONB(), nullable=True),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_from", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *_of_a_unit("batch"),
        sa.ForeignKeyConstraint(
            ["root_id", "period_code", "form_code"],
            ["collection.root_id", "collection.period_code", "collection.form_code"],
            name=op.f("fk_batch_root_id_period_code_form_code"),
        ),
        sa.CheckConstraint("kind in ('templates', 'table', 'answers')", name=op.f("ck_batch_kind")),
        sa.CheckConstraint(
            "state in ('waiting', 'working', 'cancelling', 'done', 'cancelled', 'failed')", name=op.f("ck_batch_state")
        ),
        sa.PrimaryKeyConstraint("root_id", "unit_id", "id", name=op.f("pk_batch")),
    )


def _of_a_unit(table: str) -> list[sa.Column | sa.Constraint]:
    return [
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f(f"fk_{table}_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
    ]


def _of_a_batch(table: str) -> list[sa.Column | sa.Constraint]:
    return [
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        *_of_a_unit(table),
        sa.ForeignKeyConstraint(
            BATCH, ["batch.root_id", "batch.unit_id", "batch.id"], name=f"fk_{table}_batch", ondelete="CASCADE"
        ),
    ]


def downgrade() -> None:
    for table in ("batch_line", "batch_piece", "batch"):
        op.drop_table(table)
    op.drop_column("collection", "entered_above")
