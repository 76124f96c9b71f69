"""Keep what units add to forms for their subtrees, and to which collections it belongs. Neither ever changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portal.db import LTree

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
FORMS = "current_setting('huizong.forms', true)"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
WRITES = f"current_setting('huizong.writes', true) = 'on' and {FORMS} = '*' and {DEPTH} > 0"

# What those above ask is answered below; what is asked below shows in the answers, which those above read.
READABLE = f"(unit_path @> {SCOPE} or unit_path <@ {SCOPE}) and {THIS_FORM}"
OWN = f"unit_path = {SCOPE} and {WRITES}"

# Whoever sends down lets join what is published; afterwards each unit decides for itself alone.
SENT_DOWN = f"""{WRITES} and exists (
    select from collection c
    where (c.root_id, c.period_code, c.form_code) =
        (collection_addition.root_id, collection_addition.period_code, collection_addition.form_code)
      and c.sender_path = {SCOPE}
      and (collection_addition.unit_path <@ c.sender_path or collection_addition.unit_path @> c.sender_path)
)"""
TABLES = ("form_addition", "collection_addition")


def upgrade() -> None:
    op.create_table(
        "form_addition",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_number", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_form_addition_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["form_code", "form_number"],
            ["form_version.form_code", "form_version.number"],
            name=op.f("fk_form_addition_form_code_form_number"),
        ),
        sa.PrimaryKeyConstraint("root_id", "unit_id", "form_code", "number", name=op.f("pk_form_addition")),
    )
    op.create_table(
        "collection_addition",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_collection_addition_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["root_id", "period_code", "form_code"],
            ["collection.root_id", "collection.period_code", "collection.form_code"],
            name=op.f("fk_collection_addition_root_id_period_code_form_code"),
        ),
        sa.ForeignKeyConstraint(
            ["root_id", "unit_id", "form_code", "number"],
            ["form_addition.root_id", "form_addition.unit_id", "form_addition.form_code", "form_addition.number"],
            name=op.f("fk_collection_addition_root_id_unit_id_form_code_number"),
        ),
        sa.PrimaryKeyConstraint("root_id", "period_code", "form_code", "unit_id", name=op.f("pk_collection_addition")),
    )
    for table in TABLES:
        op.execute(f"grant select, insert on {table} to huizong_app")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy definer on {table} to huizong_definer using (true) with check (true)")
        op.execute(f"create policy reading on {table} for select to huizong_app using ({READABLE})")
    op.execute(f"create policy publishing on form_addition for insert to huizong_app with check ({OWN})")
    op.execute(
        "create policy joining on collection_addition for insert to huizong_app"
        f" with check (({OWN} and joined_at is not null) or ({SENT_DOWN} and joined_at is null))"
    )


def downgrade() -> None:
    op.execute("delete from form_draft where form_code like '%+%'")
    for table in reversed(TABLES):
        op.drop_table(table)
