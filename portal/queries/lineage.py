"""Where a rolled-up number comes from: which units contributed what, and for each figure the cell, file and person."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from portal.domain.form_expressions import worked_out_from
from portal.domain.forms import AggregationKind, FormVersion, Indicator, Source
from portal.domain.lifecycle import COUNTED
from portal.domain.mapping import terms
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.quantities import When
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value, ValueStatus
from portal.models import Observation, Submission, Upload
from portal.models import Value as ValueRow
from portal.queries.effective_forms import form_of
from portal.queries.figures import value_of
from portal.queries.forms import collected_version, way_to
from portal.queries.submissions import same_submission
from portal.queries.units import UnitRow, get_unit, list_units

Typed = tuple[Period, str]
"""A typed figure of a submission's unit: its period and its indicator's code."""


@dataclass(frozen=True)
class Figure:
    """A typed figure, and how it got there.

    Attributes:
        upload_id: the file it was read from; None if it was typed in the browser.
        filename: the name that file came with.
        cell: where it stands there, e.g. `表4!E12`.
    """

    submission: SubmissionKey
    version: int
    indicator: str
    value: Value
    entered_by: str
    entered_at: datetime
    upload_id: UUID | None
    filename: str | None
    cell: str | None


@dataclass(frozen=True)
class Contribution:
    """What one unit adds to the number, and the typed figures that it rests on.

    Attributes:
        number: the unit's own figure; for a distribution it is `category`.
        amount: what is added to the sum, or to the numerator.
        weight: what is added to the denominator.
    """

    unit: UnitRow
    submission: SubmissionKey
    version: int
    status: ValueStatus
    number: Decimal | None
    category: str
    amount: Decimal | None
    weight: Decimal | None
    figures: list[Figure]


def trace(session: Session, actor: Actor, *, unit: str, period: Period, indicator: str) -> list[Contribution]:
    """The accepted contributions to an indicator of a unit and all below it, in the period's tree and its order.

    Raises:
        NotFound: no such unit in the period's tree.
        NotPermitted: it is not within the actor's reach.
    """
    top = get_unit(session, unit, period=period)
    require(actor, Permission.SEE_ORIGINS, Subject(top.path))
    units = {each.id: each for each in list_units(session, under=unit, period=period)}
    query = (
        select(Observation, Submission)
        .join(
            Submission,
            and_(*same_submission(Observation, Submission)),
        )
        .where(
            Observation.root_id == top.root_id,
            Observation.period_code == str(period),
            Observation.indicator == indicator,
            Observation.unit_id.in_(units),
        )
    )
    rows = {observation.unit_id: (observation, submission) for observation, submission in session.execute(query)}
    if not rows:
        return []
    form = form_of(session, next(iter(rows.values()))[1])
    behind = _Behind(session, top.root_id, form, period)
    figures = _figures(session, units, rows.keys(), form, set(behind.typed(form.indicator(indicator))))
    return [
        _contribution(one, rows[unit_id][0], period, figures[unit_id])
        for unit_id, one in units.items()
        if unit_id in rows
    ]


class _Behind:
    """Finds the typed figures that a unit's contribution to an indicator is made of, through the form's versions."""

    def __init__(self, session: Session, root_id: int, form: FormVersion, period: Period) -> None:
        self.session = session
        self.root_id = root_id
        self.form = form
        self.period = period

    def typed(self, indicator: Indicator) -> Iterable[Typed]:
        """Those of one indicator."""
        way = indicator.aggregation
        if way.kind is AggregationKind.SUM and way.of:
            yield from self._behind(self.form, way.of, self.period)
            return
        yield from self._behind(self.form, indicator.code, self.period)
        if way.kind is AggregationKind.WEIGHTED_MEAN:
            yield from self._behind(self.form, way.weight, self.period)

    def _behind(self, form: FormVersion, code: str, period: Period) -> Iterable[Typed]:
        """`form` is the version that was answered for the period."""
        indicator = form.indicator(code)
        if indicator.source is Source.COLLECTED:
            yield period, code
            return
        at = {When.NOW: period, When.LAST_YEAR: period.last_year, When.PREVIOUS: period.previous}
        for expression in worked_out_from(form, indicator):
            for reference in expression.references:
                if reference.when is When.NOW and not reference.form:
                    yield from self._behind(form, reference.code, period)
                elif reference.when in at and not reference.form:
                    yield from self._earlier(form, reference.code, at[reference.when])

    def _earlier(self, form: FormVersion, code: str, period: Period) -> Iterable[Typed]:
        """What it was in an earlier period, perhaps called otherwise, or in parts; nothing if none was collected."""
        then = collected_version(self.session, self.root_id, form.code, period)
        if then is None:
            return
        for term in terms(way_to(self.session, form, then), code):
            if term.code in then.by_code:
                yield from self._behind(then, term.code, period)


def _figures(
    session: Session, units: dict[int, UnitRow], unit_ids: Collection[int], form: FormVersion, typed: set[Typed]
) -> dict[int, list[Figure]]:
    """The figures by unit id, in form order."""
    query = (
        select(ValueRow, Upload.filename)
        .join(
            Submission,
            and_(*same_submission(ValueRow, Submission), ValueRow.version_number == Submission.version_number),
        )
        .outerjoin(Upload, (Upload.root_id == ValueRow.root_id) & (Upload.id == ValueRow.upload_id))
        .where(
            ValueRow.root_id == next(iter(units.values())).root_id,
            ValueRow.period_code.in_({str(period) for period, _code in typed}),
            ValueRow.form_code == form.code,
            ValueRow.unit_id.in_(unit_ids),
            ValueRow.indicator.in_({code for _period, code in typed}),
            Submission.state.in_(COUNTED),
        )
    )
    found: dict[int, list[Figure]] = defaultdict(list)
    for row, filename in session.execute(query):
        period = Period.parse(row.period_code)
        if (period, row.indicator) in typed:
            key = SubmissionKey(units[row.unit_id].code, period, row.form_code)
            found[row.unit_id].append(_figure(key, row, filename))
    order = {code: position for position, code in enumerate(form.by_code)}
    for several in found.values():
        several.sort(key=lambda figure: (order.get(figure.indicator, len(order)), figure.submission.period))
    return found


def _figure(key: SubmissionKey, row: ValueRow, filename: str | None) -> Figure:
    return Figure(
        key,
        row.version_number,
        row.indicator,
        value_of(row),
        row.entered_by,
        row.entered_at,
        row.upload_id,
        filename,
        row.cell,
    )


def _contribution(unit: UnitRow, row: Observation, period: Period, figures: list[Figure]) -> Contribution:
    return Contribution(
        unit,
        SubmissionKey(unit.code, period, row.form_code),
        row.version_number,
        ValueStatus(row.status),
        row.number,
        row.category,
        row.amount,
        row.weight,
        figures,
    )
