"""Accepted figures, what they were worked out from, and their stored roll-ups."""

from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.tenancy import SUBMISSION_KEY, SubmissionPart, UnitRow, unit_index, unit_path_key


class Observation(UnitRow, Base):
    """A figure of an accepted version (入库数). It exists only while accepted.

    `amount` and `weight` are what the figure adds to the numerator and the denominator of the roll-up, so that
    adding up needs no knowledge of the form (`portal.domain.rollup` says what they are for each aggregation).

    Written only by the database function `put_observations`, which sees to it that there is such a version, that it is
    accepted, and takes its path: foreign keys took three quarters of the time in which an observation is stored. A
    second index took half of the rest: whoever asks for one indicator of many units names the units.
    """

    __tablename__ = "observation"

    period_code: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    form_code: Mapped[str]
    version_number: Mapped[int]
    status: Mapped[str]
    number: Mapped[Decimal | None]
    category: Mapped[str]
    amount: Mapped[Decimal | None]
    weight: Mapped[Decimal | None]


class AcceptedBasis(SubmissionPart, Base):
    """What an accepted version's figures were worked out from that is not in it, as it was looked at then.

    Versions of forms that look at nothing else have no row. Rows are only ever added; `figures` is what
    `portal.domain.bases.basis_to_json` writes.
    """

    __tablename__ = "accepted_basis"
    __table_args__ = (
        ForeignKeyConstraint(
            [*SUBMISSION_KEY, "version_number"],
            [*(f"submission_version.{column}" for column in SUBMISSION_KEY), "submission_version.number"],
            name="fk_accepted_basis_submission_version",
        ),
        unit_path_key(),
        unit_index("accepted_basis"),
    )

    version_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    figures: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class ExpectedAnswers(UnitRow, Base):
    """How many answers to a form are expected of a unit and all below it, by the level of those that answer.

    Written only by the database function `count_expected`. `demo` says that made-up figures are among them.
    """

    __tablename__ = "expected_answers"
    __table_args__ = (unit_path_key(), unit_index("expected_answers"))

    period_code: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form_code: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
    answers: Mapped[int]
    demo: Mapped[bool]


class RollUp(UnitRow, Base):
    """An indicator added up over a unit and all below it (汇总数), for inner units except the top one.

    Written only by the database function `recompute_rollup`, inside the accepting transaction. The row with an
    empty `category` holds the totals; a distribution has one more row for each answer given.
    """

    __tablename__ = "rollup"
    # Room in each page for the new version of a row, because a year's rows are rewritten at every acceptance.
    __table_args__ = (
        unit_path_key(),
        # All indicators are found by unit and period; some by the key, which therefore has them before the unit.
        Index("ix_rollup_unit", "unit_id", "root_id", "period_code"),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    period_code: Mapped[str] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    category: Mapped[str] = mapped_column(primary_key=True)
    form_code: Mapped[str]
    reported: Mapped[int]
    not_applicable: Mapped[int]
    amount: Mapped[Decimal | None]
    weight: Mapped[Decimal | None]
    minimum: Mapped[Decimal | None]
    maximum: Mapped[Decimal | None]
