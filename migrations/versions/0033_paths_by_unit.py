"""Drop the index on the paths of units: PostgreSQL took it to check the foreign key of every row that names a path.

Looking for a path in a tree index and then for the unit costs four times as much as the unique index on both, and the
table is so small that nothing else needs the index.
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_unit_path", "unit")


def downgrade() -> None:
    op.create_index("ix_unit_path", "unit", ["path"], postgresql_using="gist")
