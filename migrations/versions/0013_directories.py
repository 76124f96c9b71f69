"""Link accounts to people of a directory, and note which memberships a directory gave."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

IDENTITY = "current_setting('huizong.identity', true) = 'on'"


def upgrade() -> None:
    op.add_column("membership", sa.Column("origin", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_membership_origin"), "membership", "origin in ('oidc', 'ldap')")
    op.create_table(
        "directory_account",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_directory_account_user_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_directory_account")),
        sa.UniqueConstraint("user_id", name=op.f("uq_directory_account_user_id")),
    )
    op.execute("grant select, insert, update, delete on directory_account to huizong_app")
    op.execute("alter table directory_account enable row level security")
    op.execute("alter table directory_account force row level security")
    op.execute(f"create policy identity on directory_account to huizong_app using ({IDENTITY}) with check ({IDENTITY})")


def downgrade() -> None:
    op.drop_table("directory_account")
    op.drop_constraint(op.f("ck_membership_origin"), "membership")
    op.drop_column("membership", "origin")
