"""Reading with pending: what was handed in and is not accepted yet, added to what is."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Integer, Text, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion
from portal.domain.lifecycle import State
from portal.domain.periods import Period
from portal.domain.rollup import Total
from portal.domain.values import ValueStatus
from portal.models import Submission
from portal.models import Value as ValueRow
from portal.queries.ancestors import Targets
from portal.queries.bases import kept_bases
from portal.queries.bases_now import bases_now
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Key, key_of, open_rows
from portal.queries.rollups.contributing import asked_of, contributing_beside_copies, copied_by
from portal.queries.rollups.parts import Totals


def add_pending(
    session: Session,
    root_id: int,
    counted: Mapping[Period, tuple[Targets, Totals]],
    wanted: Collection[str] | None,
) -> dict[Period, set[tuple[int, str]]]:
    """Add what is submitted but not accepted to the totals; gives those touched, by unit id and indicator.

    Figures that the actor may not read stay out by policy.

    Args:
        session: the transaction.
        root_id: of the units' top unit.
        counted: by period, the units that a unit's figures count for, and the totals that are added to.
        wanted: codes of the indicators that matter; None for all.
    """
    touched: dict[Period, set[tuple[int, str]]] = {period: set() for period in counted}
    by_code = {str(period): (period, *each) for period, each in counted.items()}
    query = select(Submission).where(
        Submission.root_id == root_id, Submission.period_code.in_(by_code), Submission.state == State.SUBMITTED
    )
    waiting = [row for row in session.scalars(query) if by_code[row.period_code][1](row.unit_id)]
    targets = {key_of(row): by_code[row.period_code][1](row.unit_id) for row in waiting}
    for code, indicator, target, part in _waiting(session, waiting, targets, wanted):
        period, _targets, totals = by_code[code]
        totals[target, indicator] = totals.get((target, indicator), Total()) + part
        touched[period].add((target, indicator))
    return touched


class _Part(NamedTuple):
    """What one submission or many add to a total."""

    period: str
    indicator: str
    target: int
    total: Total


def _waiting(
    session: Session,
    waiting: Sequence[Submission],
    targets: Mapping[Key, Collection[int]],
    wanted: Collection[str] | None,
) -> Iterator[_Part]:
    """What is added as it was typed is added up by the database; the rest is worked out for each submission."""
    rows = open_rows(session, waiting)
    forms = answered_forms(session, rows)
    collections: defaultdict[tuple[str, str], list[Submission]] = defaultdict(list)
    for row in rows:
        collections[row.period_code, row.form_code].append(row)
    for several in collections.values():
        yield from _copies(session, several, forms, targets, wanted)
    rest = [row for row in rows if not asked_of(forms[key_of(row)], wanted) <= copied_by(forms, row)]
    kept = kept_bases(session, rest, forms)
    bases = kept | bases_now(session, [row for row in rest if key_of(row) not in kept], forms)
    for row, found in contributing_beside_copies(session, rest, forms, bases):
        for one in found:
            if wanted is None or one.indicator in wanted:
                part = Total.of(one)
                yield from (_Part(row.period_code, one.indicator, each, part) for each in targets[key_of(row)])


def _copies(
    session: Session,
    rows: Sequence[Submission],
    forms: Mapping[Key, FormVersion],
    targets: Mapping[Key, Collection[int]],
    wanted: Collection[str] | None,
) -> Iterator[_Part]:
    """Of submissions of one collection."""
    kinds: dict[tuple[int, str], int] = {}  # submissions of one level that answer one form are of one kind
    copying: list[tuple[int, str]] = []
    asked: list[tuple[int, int, int, int]] = []
    for row in rows:
        form = forms[key_of(row)]
        kind = (id(form), row.level)
        if kind not in kinds:
            kinds[kind] = len(kinds)
            copying += [(kinds[kind], code) for code in copied_by(forms, row) & asked_of(form, wanted)]
        asked += [(row.unit_id, row.version_number, kinds[kind], target) for target in targets[key_of(row)]]
    if copying:
        first = rows[0]
        named = {"root": first.root_id, "period": first.period_code, "form": first.form_code}
        named |= dict(zip(("units", "versions", "kinds", "targets"), map(list, zip(*asked, strict=True)), strict=True))
        named |= dict(zip(("copying", "codes"), map(list, zip(*copying, strict=True)), strict=True))
        for target, indicator, reported, not_applicable, amount in session.execute(_COPIES, named):
            yield _Part(first.period_code, indicator, target, Total(reported, not_applicable, amount))


def _numbers(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=ARRAY(Integer))


_ASKED = (
    func.unnest(*map(_numbers, ("units", "versions", "kinds", "targets")))
    .table_valued(*(column(name, Integer) for name in ("unit_id", "number", "kind", "target")), name="asked")
    .render_derived()
)
_COPYING = (
    func.unnest(_numbers("copying"), bindparam("codes", type_=ARRAY(Text)))
    .table_valued(column("kind", Integer), column("indicator", Text), name="copying")
    .render_derived()
)
_COPIES = (
    select(
        _ASKED.c.target,
        ValueRow.indicator,
        func.count().filter(ValueRow.status == ValueStatus.REPORTED),
        func.count().filter(ValueRow.status == ValueStatus.NOT_APPLICABLE),
        func.sum(ValueRow.number),
    )
    .join(_ASKED, (ValueRow.unit_id == _ASKED.c.unit_id) & (ValueRow.version_number == _ASKED.c.number))
    .join(_COPYING, (ValueRow.indicator == _COPYING.c.indicator) & (_ASKED.c.kind == _COPYING.c.kind))
    .where(
        ValueRow.root_id == bindparam("root"),
        ValueRow.period_code == bindparam("period"),
        ValueRow.form_code == bindparam("form"),
        ValueRow.status != ValueStatus.MISSING,
    )
    .group_by(_ASKED.c.target, ValueRow.indicator)
)
