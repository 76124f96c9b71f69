"""Keep what accepted figures were worked out from that is not in the same answer.

A figure worked out from last year's stays as it was accepted when that is corrected. To show it, to prove it, and to tell
what it would be today, it has to be known what was looked at.

What was accepted before has no such row: it is shown as it would be worked out now, and counts as it was stored.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portal.db import LTree

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
FORMS = "current_setting('huizong.forms', true)"
IN_SCOPE = f"unit_path <@ {SCOPE}"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
WRITES = "current_setting('huizong.writes', true) = 'on'"
SUBMISSION = ("root_id", "period_code", "form_code", "unit_id")


def upgrade() -> None:
    op.create_table(
        "accepted_basis",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(
            [*SUBMISSION, "version_number"],
            [*(f"submission_version.{column}" for column in SUBMISSION), "submission_version.number"],
            name="fk_accepted_basis_submission_version",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_accepted_basis_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*SUBMISSION, "version_number", name=op.f("pk_accepted_basis")),
    )
    op.create_index("ix_accepted_basis_unit", "accepted_basis", ["unit_id"])
    op.execute("grant select, insert on accepted_basis to huizong_app")
    op.execute("alter table accepted_basis enable row level security")
    op.execute("alter table accepted_basis force row level security")
    op.execute("create policy definer on accepted_basis to huizong_definer using (true) with check (true)")
    op.execute(f"create policy reading on accepted_basis for select to huizong_app using ({IN_SCOPE} and {THIS_FORM})")
    op.execute(f"create policy adding on accepted_basis for insert to huizong_app with check ({IN_SCOPE} and {WRITES})")


def downgrade() -> None:
    op.drop_table("accepted_basis")
