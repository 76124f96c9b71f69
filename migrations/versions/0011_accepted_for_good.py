"""Let nobody change an accepted figure, not even in SQL: a correction is a new version.

Accepted rows are those open to depth 0. What is accepted becomes so in an update that meets the row before.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
READABLE = (
    f"unit_path <@ {SCOPE} and nullif(current_setting('huizong.depth', true), '')::int >= open_to"
    " and current_setting('huizong.forms', true) = '*'"
)
FIGURES = ("value", "explanation", "upload")


def upgrade() -> None:
    for table in FIGURES:
        for policy in ("updating", "deleting"):
            op.execute(f"alter policy {policy} on {table} using ({READABLE} and open_to > 0)")


def downgrade() -> None:
    for table in FIGURES:
        for policy in ("updating", "deleting"):
            op.execute(f"alter policy {policy} on {table} using ({READABLE})")
