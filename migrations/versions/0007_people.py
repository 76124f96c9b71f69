"""Let administrators make accounts, and let one person hold one role in one unit once at a time.

An account is inserted by somebody with a scope, but becomes visible only through a membership within that scope.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

IN_A_SCOPE = (
    "nullif(current_setting('huizong.scope', true), '') is not null and current_setting('huizong.forms', true) = '*'"
)


def upgrade() -> None:
    op.add_column("ab_user", sa.Column("phone", sa.Text(), nullable=True))
    op.execute(f"create policy joining on ab_user for insert to huizong_app with check ({IN_A_SCOPE})")
    op.add_column("membership", sa.Column("deputy_for_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_membership_deputy_for_id"), "membership", "ab_user", ["deputy_for_id"], ["id"])
    op.create_check_constraint(op.f("ck_membership_dates"), "membership", "valid_to >= valid_from - 1")
    op.drop_constraint(op.f("uq_membership_user_id_unit_id_role_valid_from"), "membership")
    op.execute(
        "alter table membership add constraint ex_membership_overlap exclude using gist"
        " (user_id with =, unit_id with =, role with =, daterange(valid_from, valid_to + 1) with &&)"
    )


def downgrade() -> None:
    op.drop_constraint("ex_membership_overlap", "membership")
    op.execute("alter table membership no force row level security")
    op.execute("delete from membership where valid_to < valid_from")
    op.execute("alter table membership force row level security")
    op.create_unique_constraint(
        op.f("uq_membership_user_id_unit_id_role_valid_from"),
        "membership",
        ["user_id", "unit_id", "role", "valid_from"],
    )
    op.drop_constraint(op.f("ck_membership_dates"), "membership")
    op.drop_constraint(op.f("fk_membership_deputy_for_id"), "membership")
    op.drop_column("membership", "deputy_for_id")
    op.execute("drop policy joining on ab_user")
    op.drop_column("ab_user", "phone")
