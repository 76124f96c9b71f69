"""Keep the rows of list tables: as open as the figures of the version they belong to, to partners too."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portal.db import LTree

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
FORMS = "current_setting('huizong.forms', true)"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
WRITES = "current_setting('huizong.writes', true) = 'on'"
READABLE = f"unit_path <@ {SCOPE} and {THIS_FORM} and {DEPTH} >= open_to"
ADDED = f"unit_path <@ {SCOPE} and {WRITES}"
SUBMISSION = ("root_id", "period_code", "form_code", "unit_id")

SAME_VERSION = """
    update {table} x set open_to = v.open_to from submission_version v
    where x.unit_id = any(p_units) and x.open_to <> v.open_to
      and (v.root_id, v.period_code, v.form_code, v.unit_id, v.number)
        = (x.root_id, x.period_code, x.form_code, x.unit_id, x.version_number);
"""

UPLOAD_OF = """
    select x.open_to from {table} x
    where (x.root_id, x.period_code, x.form_code, x.unit_id) = (u.root_id, u.period_code, u.form_code, u.unit_id)
      and x.upload_id = u.id
"""

OPEN_FIGURES = """
create or replace function open_figures(p_units int[]) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    update submission_version v
    set open_to = case when v.sealed_at is null then nlevel(v.unit_path) when c.skip_level then 1
                  else greatest(nlevel(v.unit_path) - 1, 1) end
    from collection c
    where v.unit_id = any(p_units) and v.open_to > 0
      and (c.root_id, c.period_code, c.form_code) = (v.root_id, v.period_code, v.form_code);
{parts}
    update upload u set open_to = coalesce(
        (select min(open_to) from ({used}) read_from),
        nlevel(u.unit_path))
    where u.unit_id = any(p_units);
$$
"""

PARTS = ("value", "explanation", "passage", "evidence")


def upgrade() -> None:
    op.create_table(
        "list_row",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("list_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cells", postgresql.JSONB(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("cell", sa.Text(), nullable=True),
        sa.Column("open_to", sa.Integer(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.CheckConstraint("number >= 0 and (number > 0 or cells = '{}')", name=op.f("ck_list_row_number")),
        sa.ForeignKeyConstraint(
            [*SUBMISSION, "version_number"],
            [*(f"submission_version.{column}" for column in SUBMISSION), "submission_version.number"],
            name="fk_list_row_submission_version",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_list_row_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*SUBMISSION, "version_number", "list_code", "number", name=op.f("pk_list_row")),
    )
    op.execute("grant select, insert, update, delete on list_row to huizong_app")
    op.execute("grant select, update on list_row to huizong_definer")
    op.execute("alter table list_row enable row level security")
    op.execute("alter table list_row force row level security")
    op.execute("create policy definer on list_row to huizong_definer using (true) with check (true)")
    changeable = f"{READABLE} and {WRITES} and open_to > 0"
    op.execute(f"create policy reading on list_row for select to huizong_app using ({READABLE})")
    op.execute(f"create policy inserting on list_row for insert to huizong_app with check ({ADDED})")
    op.execute(
        f"create policy updating on list_row for update to huizong_app using ({changeable}) with check ({ADDED})"
    )
    op.execute(f"create policy deleting on list_row for delete to huizong_app using ({changeable})")
    _open_figures((*PARTS, "list_row"), ("value", "list_row"))


def _open_figures(parts: tuple[str, ...], used_in: tuple[str, ...]) -> None:
    """What is as open as its version, and which of it may have been read from a file."""
    op.execute("grant create on schema public to huizong_definer")
    op.execute(
        OPEN_FIGURES.format(
            parts="".join(SAME_VERSION.format(table=table) for table in parts),
            used=" union all ".join(UPLOAD_OF.format(table=table) for table in used_in),
        )
    )
    op.execute("revoke create on schema public from huizong_definer")


def downgrade() -> None:
    _open_figures(PARTS, ("value",))
    op.drop_table("list_row")
