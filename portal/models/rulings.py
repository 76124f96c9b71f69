"""What was decided about rules: changes in the middle of a period, and waivers of units."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, LTree
from portal.domain.forms import Severity
from portal.models.tenancy import UnitRow, unit_path_key

_OFF = "off"
_SEVERITIES = ", ".join(repr(each) for each in (*map(str, Severity), _OFF))


class RuleChange(Base):
    """A rule demoted, switched off (`severity` is `off`) or put back, for one collection; the latest one holds.

    Rows are only ever added. Whoever sent the collection down decides, which the key to it holds.
    """

    __tablename__ = "rule_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["root_id", "period_code", "form_code", "sender_id"],
            ["collection.root_id", "collection.period_code", "collection.form_code", "collection.sender_id"],
            name="fk_rule_change_collection",
        ),
        ForeignKeyConstraint(["sender_id", "sender_path"], ["unit.id", "unit.path"], onupdate="CASCADE"),
        CheckConstraint(f"severity in ({_SEVERITIES})", name="severity"),
    )

    root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    period_code: Mapped[str] = mapped_column(primary_key=True)
    form_code: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sender_id: Mapped[int]
    sender_path: Mapped[str] = mapped_column(LTree)
    severity: Mapped[str]
    reason: Mapped[str]
    changed_by_id: Mapped[int | None]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]


class Waiver(UnitRow, Base):
    """A rule that a unit need not satisfy up to and including a day, from the period on for which it was granted.

    What was reported for earlier periods is judged as it was.
    """

    __tablename__ = "waiver"
    __table_args__ = (unit_path_key(),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[int]
    form_code: Mapped[str] = mapped_column(ForeignKey("form.code"))
    rule: Mapped[str]
    from_period: Mapped[str]
    reason: Mapped[str]
    approved_by_id: Mapped[int | None]
    approved_by: Mapped[str]
    approved_at: Mapped[datetime]
    expires_on: Mapped[date]
