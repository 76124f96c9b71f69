"""Where a rolled-up number comes from: which units contributed what, and for each figure the cell, file and person."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, column, func, select, tuple_
from sqlalchemy.orm import Session

from portal.domain.form_expressions import worked_out_from
from portal.domain.forms import AggregationKind, FormVersion, Indicator, Source
from portal.domain.lifecycle import COUNTED, State
from portal.domain.mapping import terms
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.quantities import When
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value, ValueStatus
from portal.models import Observation, Submission, Upload
from portal.models import Value as ValueRow
from portal.queries.effective_forms import answered_forms, form_of
from portal.queries.figures import key_of, value_of
from portal.queries.forms import collected_version, way_to
from portal.queries.rollups.contributing import contributing
from portal.queries.rollups.restated import restate
from portal.queries.rollups.totals import REPORTED_TREE, tree_day
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
        unit: as it was in the period.
        number: the unit's own figure; for a distribution it is `category`.
        amount: what is added to the sum, or to the numerator.
        weight: what is added to the denominator.
        pending: it is submitted, and not accepted yet.
        in_sight: whether the actor sees more than what it adds; a unit that has left their scope keeps its place in
            the numbers of the time, and where its figures come from is no longer their business.
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
    pending: bool = False
    in_sight: bool = True


def trace(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    period: Period,
    indicator: str,
    tree: str = REPORTED_TREE,
    pending: bool = False,
) -> list[Contribution]:
    """What `roll_up` adds up for a unit and an indicator, a row for each unit; in the order of the period's tree.

    Raises:
        NotFound: no such unit in the tree.
        NotPermitted: it is not within the actor's reach.
        InvalidInput: `tree` is no such thing.
    """
    top = get_unit(session, unit, period=tree_day(period, tree))
    require(actor, Permission.SEE_ORIGINS, Subject(top.path))
    units = {each.id: each for each in counting_units(session, top, period, tree)}
    found = _accepted(session, top.root_id, period, indicator, units)
    waiting = _waiting(session, top.root_id, period, indicator, units) if pending else {}
    found |= {unit_id: one for unit_id, (_form, one) in waiting.items()}
    forms = [form for form, _one in waiting.values()]
    seen = [unit_id for unit_id, one in found.items() if one.in_sight]
    if seen and not forms:
        forms = [_form_of(session, top.root_id, period, found[seen[0]], seen[0])]
    if forms:
        behind = _Behind(session, top.root_id, forms[0], period)
        typed = set(behind.typed(forms[0].indicator(indicator)))
        figures = _figures(session, units, seen, forms[0], typed, {(period, unit_id) for unit_id in waiting})
        found = {unit_id: replace(one, figures=figures[unit_id]) for unit_id, one in found.items()}
    return [found[unit_id] for unit_id in units if unit_id in found]


def counting_units(session: Session, top: UnitRow, period: Period, tree: str) -> list[UnitRow]:
    """The units of a period whose figures a unit's roll-up has as a whole, as they were then; in tree order."""
    if tree == REPORTED_TREE:
        return list_units(session, under=top.code, period=period)
    counted = restate(session, period, [top]).counted
    return [each for each in list_units(session, period=period) if counted(each.id)]


def _accepted(
    session: Session, root_id: int, period: Period, indicator: str, units: Mapping[int, UnitRow]
) -> dict[int, Contribution]:
    """By unit; of units that left the actor's scope since, a function of the database tells what they add."""
    columns = (column(each.name, each.type) for each in Observation.__table__.columns)
    moved = func.observed_in_sight(root_id, str(period)).table_valued(*columns)
    own = (Observation.root_id == root_id, Observation.period_code == str(period))
    found: dict[int, Contribution] = {}
    for table, more, in_sight in ((Observation, own, True), (moved.c, (), False)):
        names = ("unit_id", "form_code", "version_number", "status", "number", "category", "amount", "weight")
        query = select(*(getattr(table, name) for name in names)).where(
            *more, table.indicator == indicator, table.unit_id.in_(units)
        )
        for unit_id, form, version, status, number, category, amount, weight in session.execute(query):
            unit, answer = units[unit_id], ValueStatus(status)
            key = SubmissionKey(unit.code, period, form)
            found[unit_id] = Contribution(
                unit, key, version, answer, number, category, amount, weight, [], in_sight=in_sight
            )
    return found


def _waiting(
    session: Session, root_id: int, period: Period, indicator: str, units: Mapping[int, UnitRow]
) -> dict[int, tuple[FormVersion, Contribution]]:
    """What is submitted but not accepted, by unit, with the form it answers."""
    query = select(Submission).where(
        Submission.root_id == root_id,
        Submission.period_code == str(period),
        Submission.state == State.SUBMITTED,
        Submission.unit_id.in_(units),
    )
    found: dict[int, tuple[FormVersion, Contribution]] = {}
    rows = session.scalars(query).all()
    forms = answered_forms(session, rows)
    for row, several in contributing(session, rows, [indicator]):
        for one in several:
            unit = units[row.unit_id]
            key = SubmissionKey(unit.code, period, row.form_code)
            numbers = (one.number, one.category, one.amount, one.weight)
            told = Contribution(unit, key, row.version_number, one.status, *numbers, [], pending=True)
            found[row.unit_id] = forms[key_of(row)], told
    return found


def _form_of(session: Session, root_id: int, period: Period, one: Contribution, unit_id: int) -> FormVersion:
    row = session.get_one(Submission, (root_id, str(period), one.submission.form, unit_id))
    return form_of(session, row)


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
    session: Session,
    units: Mapping[int, UnitRow],
    unit_ids: Collection[int],
    form: FormVersion,
    typed: set[Typed],
    waiting: Collection[tuple[Period, int]],
) -> dict[int, list[Figure]]:
    """The figures by unit id, in form order; of those `waiting`, by period and unit, not yet accepted ones."""
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
            Submission.state.in_(COUNTED)
            | tuple_(Submission.period_code, Submission.unit_id).in_([(str(at), unit_id) for at, unit_id in waiting]),
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
