"""What supervisors add to roll-ups."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.domain.rollup_entries import EntryKind
from portal.models.tenancy import UnitRow, unit_index, unit_path_key

_KINDS = ", ".join(repr(str(kind)) for kind in EntryKind)
_SERIES = ("root_id", "period_code", "unit_id", "indicator")


class RollUpEntry(UnitRow, Base):
    """An elimination (冲抵) or adjustment (调整) of a unit's roll-up, or the withdrawal of one.

    Rows are only ever added. A withdrawal names the entry that it `withdraws` and has the opposite amount; neither
    counts. Numbers go up by one within a unit's indicator of a period, so that of two people who saw the same entries
    one only adds to them.
    """

    __tablename__ = "rollup_entry"
    __table_args__ = (
        unit_path_key(),
        ForeignKeyConstraint(
            ["root_id", "period_code", "form_code"],
            ["collection.root_id", "collection.period_code", "collection.form_code"],
        ),
        ForeignKeyConstraint([*_SERIES, "withdraws"], [f"rollup_entry.{name}" for name in (*_SERIES, "number")]),
        UniqueConstraint(*_SERIES, "withdraws"),
        CheckConstraint(f"kind in ({_KINDS})", name="kind"),
        CheckConstraint("amount <> 0 and (kind <> 'elimination' or (amount < 0) = (withdraws is null))", name="amount"),
        unit_index("rollup_entry"),
    )

    period_code: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form_code: Mapped[str]
    kind: Mapped[str]
    amount: Mapped[Decimal]
    reason: Mapped[str]
    withdraws: Mapped[int | None]
    entered_by_id: Mapped[int | None]
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
