"""One unit's made-up report, as rows of the tenant tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from portal.demo.courses import Correction, Course
from portal.demo.figures import PeriodFigures
from portal.demo.people import person
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import State, open_to
from portal.domain.policy import Role
from portal.domain.submissions import SubmissionKey, digest
from portal.domain.values import Value, Values
from portal.queries.units import UnitRow
from portal.services.value_rows import Answers

Row = dict[str, Any]


@dataclass(frozen=True)
class Filing:
    """One unit's report for one period.

    Attributes:
        entered_by_id: the user whom the figures are said to come from, if there is one.
        correction: what the first version had wrong, if it was sent back and put right.
    """

    form: FormVersion
    unit: UnitRow
    figures: PeriodFigures
    course: Course
    correction: Correction
    entered_by_id: int | None = None

    @property
    def key(self) -> SubmissionKey:
        """Unit, period and form."""
        return SubmissionKey(self.unit.code, self.figures.period, self.form.code)

    @cached_property
    def values(self) -> Values:
        """The answers of the current version: those on the sheets that are filled in."""
        count = round(self.course.filled * len(self.form.sheets))
        filled = {indicator.code for sheet in self.form.sheets[:count] for indicator in sheet.indicators}
        return {code: value for code, value in self.figures.values.items() if code in filled}

    def submission(self) -> Row:
        """What has become of the submission since it was sent down."""
        course = self.course
        return {
            **self._key_columns,
            "state": course.state,
            "version_number": course.version,
            "due_on": course.due_on,
            "exempt_reason": course.exempt_reason,
            "answered": len(self.values),
            "returned_reason": course.returned.reason if course.returned and course.state is State.SENT_BACK else None,
            "submitted_at": course.submitted_at,
            "accepted_at": course.accepted_at,
            "last_activity_at": course.last_activity_at,
            "demo": not self.figures.published,
        }

    @cached_property
    def versions(self) -> tuple[Row, ...]:
        """The versions, first to last; none before the first figure."""
        course, returned = self.course, self.course.returned
        if course.started_at is None:
            return ()
        if returned is None:
            return (self._version(1, course.started_at, "", course.submitted_at, course.state),)
        sealed_at = None if course.state is State.SENT_BACK else course.submitted_at
        return (
            self._version(1, course.started_at, "", returned.submitted_at, State.SUBMITTED),
            self._version(2, returned.returned_at, returned.reason, sealed_at, course.state),
        )

    def answers(self) -> Iterator[Answers]:
        """The values of every version."""
        for version in self.versions:
            yield Answers(
                self.unit.root_id,
                str(self.key.period),
                self.form.code,
                self.unit.id,
                version["number"],
                self._values_of(version["number"]),
                self.entered_by_id,
                str(person(self.unit.code, Role.FILLER)),
                version["opened_at"],
            )

    def explanations(self) -> Iterator[Row]:
        """The reasons given for the findings, in every version."""
        for version in self.versions:
            for told in self.figures.told:
                yield {
                    **self._part_of(version),
                    "finding_code": told.finding,
                    "rule": told.rule,
                    "indicator": told.indicator,
                    "reason_code": told.reason,
                    "words": told.words,
                    "given_by": str(person(self.unit.code, Role.FILLER)),
                    "given_at": version["opened_at"],
                }

    @property
    def _key_columns(self) -> Row:
        return {
            "root_id": self.unit.root_id,
            "period_code": str(self.key.period),
            "form_code": self.form.code,
            "unit_id": self.unit.id,
        }

    def _part_of(self, version: Row) -> Row:
        return {
            **self._key_columns,
            "unit_path": self.unit.path,
            "version_number": version["number"],
            "open_to": version["open_to"],
        }

    def _values_of(self, number: int) -> Values:
        """The first version of a report that was put right says something else at one place."""
        values = self.values
        if number == self.course.version or self.course.state is State.SENT_BACK:
            return values
        wrong = (values[self.correction.code].number or Decimal(0)) + self.correction.off_by
        return {**values, self.correction.code: Value.of(wrong)}

    def _version(self, number: int, opened_at: datetime, reason: str, sealed_at: datetime | None, state: State) -> Row:
        receipt = None if sealed_at is None else digest(self.key, number, self._values_of(number))
        return {
            **self._key_columns,
            "unit_path": self.unit.path,
            "number": number,
            "opened_at": opened_at,
            "opened_reason": reason,
            "sealed_at": sealed_at,
            "sealed_by": None if sealed_at is None else str(person(self.unit.code, Role.HEAD)),
            "sha256": receipt and receipt.sha256,
            "sm3": receipt and receipt.sm3,
            "open_to": open_to(state, self.unit.path.count(".") + 1),
        }
