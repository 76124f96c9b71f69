"""Sums over all units below a unit, as `CHILDREN(x)` looks at them."""

from collections import ChainMap, Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import any_, column, func, select, union_all
from sqlalchemy.orm import Session, aliased

from portal.domain.forms import FormVersion
from portal.domain.mapping import terms, value_across
from portal.domain.periods import Period
from portal.domain.rollup import Contribution, Total
from portal.domain.units import Level
from portal.domain.values import Value, ValueStatus
from portal.models import Node, Observation, Submission
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import key_of
from portal.queries.forms import way_to
from portal.queries.parameters import integers, joined, texts
from portal.queries.units import tree_of


@dataclass(frozen=True)
class SumBelow:
    """A sum over all units below a unit.

    Attributes:
        versions: of the accepted answers that it is of, by unit id.
    """

    value: Value
    versions: Mapping[int, int]


def sums_below(
    session: Session, rows: Sequence[Submission], form: FormVersion, codes: Collection[str]
) -> defaultdict[int, dict[str, SumBelow]]:
    """The sums by unit id and indicator of a form, for submissions of one collection, in the period's own tree.

    What they answer may be another version of the form, from which sums are carried over. A sum is there only when
    every unit below that is expected to report is accepted: a part of it would be held against the whole.
    """
    sums: defaultdict[int, dict[str, SumBelow]] = defaultdict(dict)
    if not codes or not rows:
        return sums
    root_id, period = rows[0].root_id, Period.parse(rows[0].period_code)
    answered = answered_forms(session, rows)
    ways = {id(then): way_to(session, form, then) for then in answered.values()}
    parts = {term.code for way in ways.values() for code in codes for term in terms(way, code)}
    above = _units_above(session, tree_of(session, period), {row.unit_id for row in rows})
    expected = _expected(session, root_id, period, form.code, above)
    totals: defaultdict[tuple[int, str], Total] = defaultdict(Total)
    versions: defaultdict[tuple[int, str], dict[int, int]] = defaultdict(dict)
    for unit_id, version, one in _observed(session, root_id, period, parts, above):
        for top in above[unit_id]:
            totals[top, one.indicator] += Total.of(one)
            versions[top, one.indicator][unit_id] = version
    for row in rows:
        then = answered[key_of(row)]
        way, there = ways[id(then)], {}
        for code in parts & then.by_code.keys():
            indicator, total = then.by_code[code], totals[row.unit_id, code]
            figure = total.figure(indicator)
            wanted = sum(expected[row.unit_id, level] for level in indicator.filled_by)
            if figure is not None and total.reported + total.not_applicable >= wanted:
                there[code] = Value.of(figure)
        for code in codes:
            value = value_across(way, code, there)
            if value is not None and value.answered:
                of = [versions[row.unit_id, term.code] for term in terms(way, code)]
                sums[row.unit_id][code] = SumBelow(value, dict(ChainMap(*of)))
    return sums


def _observed(
    session: Session, root_id: int, period: Period, codes: Collection[str], units: Iterable[int]
) -> Iterator[tuple[int, int, Contribution]]:
    """What units add, with the number of the version; of those that left the scope since a function tells it."""
    columns = (column(each.name, each.type) for each in Observation.__table__.columns)
    moved = func.observed_in_sight(root_id, str(period)).table_valued(*columns)
    own = (Observation.root_id == root_id, Observation.period_code == str(period))
    named = {"units": joined(map(str, units)), "codes": joined(codes)}
    names = ("unit_id", "version_number", "indicator", "status", "number", "category", "amount", "weight")
    queries = (
        select(*(getattr(table, name) for name in names)).where(
            *more, table.indicator == any_(texts("codes")), table.unit_id == any_(integers("units"))
        )
        for table, more in ((Observation, own), (moved.c, ()))
    )
    for unit_id, version, indicator, status, *numbers in session.execute(union_all(*queries), named):
        yield unit_id, version, Contribution(indicator, ValueStatus(status), *numbers)


def _units_above(session: Session, tree: int, units: Collection[int]) -> dict[int, list[int]]:
    """For each unit below one of `units`, those of them that it is below."""
    top, low = aliased(Node), aliased(Node)
    query = select(low.unit_id, top.unit_id).where(
        low.tree_id == tree, top.tree_id == tree, top.unit_id.in_(units), low.lft > top.lft, low.lft <= top.rgt
    )
    above: dict[int, list[int]] = defaultdict(list)
    for unit_id, ancestor in session.execute(query):
        above[unit_id].append(ancestor)
    return above


def _expected(
    session: Session, root_id: int, period: Period, form: str, above: dict[int, list[int]]
) -> Counter[tuple[int, Level]]:
    """How many units below are to report, by the unit above and their level."""
    query = select(Submission.unit_id, Submission.level).where(
        Submission.root_id == root_id,
        Submission.period_code == str(period),
        Submission.form_code == form,
        Submission.exempt_reason.is_(None),
        Submission.unit_id.in_(above),
    )
    return Counter((unit, Level(level)) for unit_id, level in session.execute(query) for unit in above[unit_id])
