"""Reorganisations of the tree: what a unit describes, applies and publishes about those below it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.domain.reorganisations import ReorganisationState
from portal.models.tenancy import UnitRow, unit_path_key


class Reorganisation(UnitRow, Base):
    """A reorganisation (区划调整) of the units below one.

    `changes` are rows of `portal.domain.reorganisation_file`. `before` is the units file of all placements and
    successions that the application replaced, from which it is undone; empty while nothing is applied.
    """

    __tablename__ = "reorganisation"
    __table_args__ = (
        unit_path_key(),
        CheckConstraint(f"state in ({', '.join(repr(str(state)) for state in ReorganisationState)})", name="state"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_id: Mapped[int]
    effective_on: Mapped[date]
    basis: Mapped[str]
    changes: Mapped[list[dict[str, Any]]]
    before: Mapped[str]
    state: Mapped[str]
    row_version: Mapped[int]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
