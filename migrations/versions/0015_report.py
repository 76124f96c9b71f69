"""Keep the text that goes with the figures, the files that prove them, and who in a unit sees to what.

Text and files are as open as the version they belong to. The bytes of a file are read by whoever may read a row that
names it, and are never changed. Who sees to what is the unit's own affair.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import LTree

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
FORMS = "current_setting('huizong.forms', true)"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
WRITES = "current_setting('huizong.writes', true) = 'on'"
INSIDER = f"{DEPTH} > 0"
READABLE = f"unit_path <@ {SCOPE} and {THIS_FORM} and {DEPTH} >= open_to and {INSIDER}"
ADDED = f"unit_path <@ {SCOPE} and {WRITES}"

PARTS = ("passage", "evidence")
SUBMISSION = ("root_id", "period_code", "form_code", "unit_id")

SAME_VERSION = """
    update {table} x set open_to = v.open_to from submission_version v
    where x.unit_id = any(p_units) and x.open_to <> v.open_to
      and (v.root_id, v.period_code, v.form_code, v.unit_id, v.number)
        = (x.root_id, x.period_code, x.form_code, x.unit_id, x.version_number);
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
        (select min(x.open_to) from value x
         where (x.root_id, x.period_code, x.form_code, x.unit_id) = (u.root_id, u.period_code, u.form_code, u.unit_id)
           and x.upload_id = u.id),
        nlevel(u.unit_path))
    where u.unit_id = any(p_units);
$$
"""


def upgrade() -> None:
    _passage()
    _stored_file()
    _evidence()
    _assignment()
    _open_figures("value", "explanation", *PARTS)


def _open_figures(*tables: str) -> None:
    op.execute("grant create on schema public to huizong_definer")
    op.execute(OPEN_FIGURES.format(parts="".join(SAME_VERSION.format(table=table) for table in tables)))
    op.execute("revoke create on schema public from huizong_definer")


def _of_a_version(table: str) -> list[sa.Column | sa.Constraint]:
    return [
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("open_to", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            [*SUBMISSION, "version_number"],
            [*(f"submission_version.{column}" for column in SUBMISSION), "submission_version.number"],
            name=f"fk_{table}_submission_version",
        ),
        *_of_a_unit(table),
    ]


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


def _passage() -> None:
    op.create_table(
        "passage",
        *_of_a_version("passage"),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*SUBMISSION, "version_number", "section", name=op.f("pk_passage")),
    )
    _like_figures("passage")


def _stored_file() -> None:
    op.create_table(
        "stored_file",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_of_a_unit("stored_file"),
        sa.CheckConstraint("octet_length(content) = size", name=op.f("ck_stored_file_size")),
        sa.PrimaryKeyConstraint("root_id", "unit_id", "sha256", name=op.f("pk_stored_file")),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        *_of_a_version("evidence"),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["root_id", "unit_id", "sha256"],
            ["stored_file.root_id", "stored_file.unit_id", "stored_file.sha256"],
            name="fk_evidence_stored_file",
        ),
        sa.PrimaryKeyConstraint(*SUBMISSION, "version_number", "indicator", "sha256", name=op.f("pk_evidence")),
    )
    _like_figures("evidence")
    op.execute("grant select, insert on stored_file to huizong_app")
    _lock("stored_file")
    op.execute(
        "create policy reading on stored_file for select to huizong_app using (exists (select from evidence e"
        " where (e.root_id, e.unit_id, e.sha256) = (stored_file.root_id, stored_file.unit_id, stored_file.sha256)))"
    )
    op.execute(f"create policy adding on stored_file for insert to huizong_app with check ({ADDED})")


def _assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("office", sa.Text(), nullable=False),
        *_of_a_unit("assignment"),
        sa.CheckConstraint("person_id is not null or office <> ''", name=op.f("ck_assignment_somebody")),
        sa.ForeignKeyConstraint(["person_id"], ["ab_user.id"], name=op.f("fk_assignment_person_id")),
        sa.ForeignKeyConstraint(["form_code"], ["form.code"], name=op.f("fk_assignment_form_code")),
        sa.PrimaryKeyConstraint("root_id", "unit_id", "form_code", "item", name=op.f("pk_assignment")),
    )
    op.execute("grant select, insert, update, delete on assignment to huizong_app")
    _lock("assignment")
    own = f"unit_path = {SCOPE}"
    op.execute(
        f"create policy reading on assignment for select to huizong_app using ({own} and {INSIDER} and {THIS_FORM})"
    )
    op.execute(
        f"create policy writing on assignment to huizong_app using ({own} and {WRITES}) with check ({own} and {WRITES})"
    )


def _like_figures(table: str) -> None:
    op.execute(f"grant select, insert, update, delete on {table} to huizong_app")
    op.execute(f"grant select, update on {table} to huizong_definer")
    _lock(table)
    changeable = f"{READABLE} and {WRITES} and open_to > 0"
    op.execute(f"create policy reading on {table} for select to huizong_app using ({READABLE})")
    op.execute(f"create policy inserting on {table} for insert to huizong_app with check ({ADDED})")
    op.execute(f"create policy updating on {table} for update to huizong_app using ({changeable}) with check ({ADDED})")
    op.execute(f"create policy deleting on {table} for delete to huizong_app using ({changeable})")


def _lock(table: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy definer on {table} to huizong_definer using (true) with check (true)")


def downgrade() -> None:
    _open_figures("value", "explanation")
    op.execute("drop policy reading on stored_file")
    for table in ("assignment", "evidence", "stored_file", "passage"):
        op.drop_table(table)
