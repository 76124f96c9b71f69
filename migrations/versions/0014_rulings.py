"""Keep what was decided about rules and explanations, and tell a unit what is usual among its peers.

A change of a rule is written by the sender of the collection alone, a waiver by a unit above the one that is let off.
"""

import sqlalchemy as sa
from alembic import op

from portal.db import LTree

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SCOPE = "nullif(current_setting('huizong.scope', true), '')::ltree"
DEPTH = "nullif(current_setting('huizong.depth', true), '')::int"
FORMS = "current_setting('huizong.forms', true)"
THIS_FORM = f"({FORMS} = '*' or form_code = any(string_to_array({FORMS}, ',')))"
WRITES = "current_setting('huizong.writes', true) = 'on'"
INSIDER = f"{DEPTH} > 0"
ABOVE = f"unit_path <@ {SCOPE} and (nlevel(unit_path) > nlevel({SCOPE}) or nlevel(unit_path) = 1)"

# The caller sees the unit itself; of its peers nothing is told but the middle, and that of no fewer than five.
PEERS = f"""
create function peer_spread(p_root int, p_period text, p_form text, p_unit int, p_indicators text[])
returns table (indicator text, peers int, median numeric, deviation numeric)
language sql stable security definer set search_path = public, pg_temp as $$
    with mine as (
        select level from submission
        where root_id = p_root and period_code = p_period and form_code = p_form and unit_id = p_unit
          and unit_path <@ {SCOPE} and {INSIDER} and {THIS_FORM}
    ), figure as (
        select o.indicator, coalesce(o.number, o.amount / nullif(o.weight, 0)) as number
        from mine
        join submission s on s.root_id = p_root and s.period_code = p_period and s.form_code = p_form
            and s.level = mine.level and s.unit_id <> p_unit
        join observation o on o.root_id = s.root_id and o.period_code = s.period_code and o.unit_id = s.unit_id
            and o.form_code = s.form_code and o.indicator = any(p_indicators) and o.status = 'reported'
    ), middle as (
        select f.indicator, count(f.number)::int as peers,
               (percentile_disc(0.5) within group (order by f.number)
                + percentile_disc(0.5) within group (order by f.number desc)) / 2 as median
        from figure f where f.number is not null group by f.indicator having count(f.number) >= 5
    )
    select m.indicator, m.peers, m.median,
           (percentile_disc(0.5) within group (order by abs(f.number - m.median))
            + percentile_disc(0.5) within group (order by abs(f.number - m.median) desc)) / 2
    from middle m join figure f on f.indicator = m.indicator and f.number is not null
    group by m.indicator, m.peers, m.median
$$
"""
SIGNATURE = "peer_spread(int, text, text, int, text[])"


def upgrade() -> None:
    _rule_change()
    _waiver()
    _explanation()
    op.execute("grant create on schema public to huizong_definer")
    op.execute(PEERS)
    op.execute(f"alter function {SIGNATURE} owner to huizong_definer")
    op.execute(f"revoke all on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to huizong_app")
    op.execute("revoke create on schema public from huizong_definer")


def _rule_change() -> None:
    collection = ["root_id", "period_code", "form_code", "sender_id"]
    op.create_unique_constraint(op.f("uq_collection_root_id_period_code_form_code_sender_id"), "collection", collection)
    op.create_table(
        "rule_change",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period_code", sa.Text(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("sender_path", LTree(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "severity in ('blocking', 'consent', 'explain', 'info', 'off')", name=op.f("ck_rule_change_severity")
        ),
        sa.ForeignKeyConstraint(
            collection, [f"collection.{column}" for column in collection], name="fk_rule_change_collection"
        ),
        sa.ForeignKeyConstraint(
            ["sender_id", "sender_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_rule_change_sender_id_sender_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "period_code", "form_code", "rule", "number", name=op.f("pk_rule_change")),
    )
    op.execute("grant select, insert on rule_change to huizong_app")
    _lock("rule_change")
    op.execute(
        "create policy reading on rule_change for select to huizong_app"
        f" using ((sender_path @> {SCOPE} or sender_path <@ {SCOPE}) and {THIS_FORM} and {INSIDER})"
    )
    op.execute(
        "create policy adding on rule_change for insert to huizong_app"
        f" with check (sender_path <@ {SCOPE} and {WRITES})"
    )


def _waiver() -> None:
    op.create_table(
        "waiver",
        sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("unit_path", LTree(), nullable=False),
        sa.ForeignKeyConstraint(["form_code"], ["form.code"], name=op.f("fk_waiver_form_code")),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_path"],
            ["unit.id", "unit.path"],
            name=op.f("fk_waiver_unit_id_unit_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("root_id", "id", name=op.f("pk_waiver")),
    )
    op.execute("grant select, insert, update on waiver to huizong_app")
    _lock("waiver")
    op.execute(
        "create policy reading on waiver for select to huizong_app"
        f" using (unit_path <@ {SCOPE} and {THIS_FORM} and {INSIDER})"
    )
    op.execute(f"create policy granting on waiver for insert to huizong_app with check ({ABOVE} and {WRITES})")
    op.execute(
        "create policy ending on waiver for update to huizong_app"
        f" using ({ABOVE} and {WRITES}) with check ({ABOVE} and {WRITES})"
    )


def _lock(table: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy definer on {table} to huizong_definer using (true) with check (true)")


def _explanation() -> None:
    op.add_column("explanation", sa.Column("filename", sa.Text(), nullable=True))
    op.add_column("explanation", sa.Column("content", sa.LargeBinary(), nullable=True))
    op.add_column("explanation", sa.Column("decision", sa.Text(), nullable=True))
    op.add_column("explanation", sa.Column("decision_reason", sa.Text(), nullable=True))
    op.add_column("explanation", sa.Column("decided_by", sa.Text(), nullable=True))
    op.add_column("explanation", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_explanation_decision"), "explanation", "decision in ('accepted', 'refused')")
    op.create_check_constraint(
        op.f("ck_explanation_decided"), "explanation", "(decision is null) = (decided_at is null)"
    )
    op.create_check_constraint(op.f("ck_explanation_file"), "explanation", "(filename is null) = (content is null)")


def downgrade() -> None:
    op.execute(f"drop function {SIGNATURE}")
    for constraint in ("file", "decided", "decision"):
        op.drop_constraint(op.f(f"ck_explanation_{constraint}"), "explanation")
    for column in ("decided_at", "decided_by", "decision_reason", "decision", "content", "filename"):
        op.drop_column("explanation", column)
    op.drop_table("waiver")
    op.drop_table("rule_change")
    op.drop_constraint(op.f("uq_collection_root_id_period_code_form_code_sender_id"), "collection")
