"""Keep what people confirmed about sheets that are no template: which cell answers which indicator. The unit's own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from portal.db import LTree

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
FORMS = "current_setting('huizong.forms', true)"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
WRITES = "current_setting('huizong.writes', true) = 'on'"
OWN = f"unit_path = {SCOPE} and {THIS_FORM}"


def upgrade() -> None:
    op.create_table(
        "layout_mapping",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_number", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("choices", JSONB(), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_layout_mapping_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["form_code"], ["form.code"], name=op.f("fk_layout_mapping_form_code_form")),
        sa.PrimaryKeyConstraint("root_id", "unit_id", "form_code", "number", name=op.f("pk_layout_mapping")),
    )
    op.execute("grant select, insert on layout_mapping to huizong_app")
    op.execute("alter table layout_mapping enable row level security")
    op.execute("alter table layout_mapping force row level security")
    op.execute("create policy definer on layout_mapping to huizong_definer using (true) with check (true)")
    op.execute(f"create policy reading on layout_mapping for select to huizong_app using ({OWN} and {DEPTH} > 0)")
    op.execute(f"create policy adding on layout_mapping for insert to huizong_app with check ({OWN} and {WRITES})")


def downgrade() -> None:
    op.drop_table("layout_mapping")
