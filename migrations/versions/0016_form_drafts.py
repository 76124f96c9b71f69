"""Keep drafts of forms: a unit's own affair until they are published."""

import sqlalchemy as sa
from alembic import op

from portal.db import LTree

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
WRITES = "current_setting('huizong.writes', true) = 'on'"
OWN = f"unit_path = {SCOPE}"


def upgrade() -> None:
    op.create_table(
        "form_draft",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("base_number", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_form_draft_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "unit_id", "form_code", name=op.f("pk_form_draft")),
    )
    op.execute("grant select, insert, update, delete on form_draft to huizong_app")
    op.execute("alter table form_draft enable row level security")
    op.execute("alter table form_draft force row level security")
    op.execute("create policy definer on form_draft to huizong_definer using (true) with check (true)")
    op.execute(f"create policy reading on form_draft for select to huizong_app using ({OWN} and {DEPTH} > 0)")
    op.execute(
        f"create policy writing on form_draft to huizong_app using ({OWN} and {WRITES}) with check ({OWN} and {WRITES})"
    )


def downgrade() -> None:
    op.drop_table("form_draft")
