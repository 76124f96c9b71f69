"""What every tenant table shares: the root unit leads the key, and the row carries its unit's path.

Row-level security compares `unit_path` with the transaction's scope. The composite foreign key to the unit's own
path keeps it from being forged, and rewrites it when the unit moves.
"""

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import LTree


class UnitRow:
    """Mixin: a row of one unit."""

    root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-10)
    unit_path: Mapped[str] = mapped_column(LTree, sort_order=90)


def unit_path_key() -> ForeignKeyConstraint:
    """`unit_path` is the path of `unit_id`."""
    return ForeignKeyConstraint(["unit_id", "unit_path"], ["unit.id", "unit.path"], onupdate="CASCADE")


def unit_index(table: str) -> Index:
    """Finds the rows of a unit that moves, where a table has many of other units."""
    return Index(f"ix_{table}_unit", "unit_id")


SUBMISSION_KEY = ("root_id", "period_code", "form_code", "unit_id")


class SubmissionPart(UnitRow):
    """Mixin: a row of one unit's submission."""

    period_code: Mapped[str] = mapped_column(primary_key=True, sort_order=-9)
    form_code: Mapped[str] = mapped_column(primary_key=True, sort_order=-8)
    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-7)


def submission_key() -> ForeignKeyConstraint:
    """The row belongs to a submission."""
    return ForeignKeyConstraint(SUBMISSION_KEY, [f"submission.{column}" for column in SUBMISSION_KEY])
