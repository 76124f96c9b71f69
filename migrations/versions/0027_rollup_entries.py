"""Keep what supervisors add to roll-ups (冲抵、调整), beside what units reported.

Entries are added when a roll-up is read, and are not part of the stored ones: they are few, no acceptance waits for
them, and a unit that moves takes them along by any tree without anything being computed again.

Rows are only ever added. Why and by whom, a partner does not read; the amounts are part of every number, and a
function tells them, also those of units that were in sight in the period's tree.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import LTree

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
FORMS = "current_setting('huizong.forms', true)"
IN_SCOPE = f"unit_path <@ {SCOPE}"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
WRITES = "current_setting('huizong.writes', true) = 'on'"

SERIES = ["root_id", "period_code", "unit_id", "indicator"]

AMOUNTS = f"""
create function rollup_entry_amounts(p_root int, p_period text)
returns table (unit_id int, indicator text, kind text, amount numeric)
language sql stable security definer set search_path = public, pg_temp as $$
    select e.unit_id, e.indicator, e.kind, e.amount from rollup_entry e
    where e.root_id = p_root and e.period_code = p_period and {THIS_FORM}
      and ({IN_SCOPE} or e.unit_id in (select units_in_sight(p_period)))
      and e.withdraws is null
      and not exists (
        select from rollup_entry w
        where w.root_id = e.root_id and w.period_code = e.period_code and w.unit_id = e.unit_id
          and w.indicator = e.indicator and w.withdraws = e.number
      )
$$
"""
SIGNATURE = "rollup_entry_amounts(int, text)"


def upgrade() -> None:
    op.create_table(
        "rollup_entry",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdraws", sa.Integer(), nullable=True),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.CheckConstraint("kind in ('elimination', 'adjustment')", name=op.f("ck_rollup_entry_kind")),
        sa.CheckConstraint(
            "amount <> 0 and (kind <> 'elimination' or (amount < 0) = (withdraws is null))",
            name=op.f("ck_rollup_entry_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_rollup_entry_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["root_id", "period_code", "form_code"],
            ["collection.root_id", "collection.period_code", "collection.form_code"],
            name=op.f("fk_rollup_entry_root_id_period_code_form_code"),
        ),
        sa.ForeignKeyConstraint(
            [*SERIES, "withdraws"],
            [f"rollup_entry.{name}" for name in (*SERIES, "number")],
            name=op.f("fk_rollup_entry_root_id_period_code_unit_id_indicator_withdraws"),
        ),
        sa.PrimaryKeyConstraint(*SERIES, "number", name=op.f("pk_rollup_entry")),
        sa.UniqueConstraint(
            *SERIES, "withdraws", name=op.f("uq_rollup_entry_root_id_period_code_unit_id_indicator_withdraws")
        ),
    )
    op.create_index("ix_rollup_entry_unit", "rollup_entry", ["unit_id"])
    op.execute("grant select, insert on rollup_entry to huizong_app")
    op.execute("grant select on rollup_entry to huizong_definer")
    op.execute("alter table rollup_entry enable row level security")
    op.execute("alter table rollup_entry force row level security")
    op.execute("create policy definer on rollup_entry to huizong_definer using (true) with check (true)")
    op.execute(
        "create policy reading on rollup_entry for select to huizong_app"
        f" using ({IN_SCOPE} and {THIS_FORM} and {DEPTH} > 0)"
    )
    op.execute(f"create policy adding on rollup_entry for insert to huizong_app with check ({IN_SCOPE} and {WRITES})")
    op.execute("grant create on schema public to huizong_definer")
    op.execute(AMOUNTS)
    op.execute(f"alter function {SIGNATURE} owner to huizong_definer")
    op.execute(f"revoke all on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")


def downgrade() -> None:
    op.execute(f"drop function {SIGNATURE}")
    op.drop_table("rollup_entry")
