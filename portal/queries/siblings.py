"""A unit among its siblings (同级比较): the only thing that one unit ever learns of another beside it.

The database decides what is told (`sibling_figures`): of the caller's own siblings only, accepted figures only, with
names only if the collection says so, and without names only from a few siblings up.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import quantiles
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from portal.domain.expressions import decimal_of
from portal.domain.forms import Direction, Indicator
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.rollup import Total
from portal.domain.values import ValueStatus, rounded
from portal.errors import NotFound
from portal.models import Observation, Submission
from portal.queries.submissions import same_submission

_RATIO_DECIMALS = 10
"""Of a sibling's ratio the database tells as many; with more of its own, a unit would never be equal to another."""


@dataclass(frozen=True)
class SiblingFigure:
    """A unit's accepted figure.

    Attributes:
        code: empty for a sibling that is not named.
        value: in the indicator's unit of measure; None for a rating, whose answer is `category`.
        own: it is that of the unit itself.
        demo: the figure is made up.
    """

    code: str
    name: str
    name_en: str
    value: Decimal | None
    category: str
    own: bool
    demo: bool


@dataclass(frozen=True)
class SiblingComparison:
    """A unit's figure among those of its siblings.

    Attributes:
        own: None while it has not been accepted, or does not apply.
        siblings: how many other units of the same superior were asked.
        reported: how many of them have an accepted figure.
        named: whether the collection lets units see whose figure is whose.
        fewest: from how many siblings up figures without names are told.
        others: their figures in order of size; empty if they may not be told.
    """

    own: SiblingFigure | None
    siblings: int
    reported: int
    named: bool
    fewest: int
    others: tuple[SiblingFigure, ...]

    def ranked(self, direction: Direction) -> list[tuple[int, SiblingFigure]]:
        """All figures that are numbers, best first, with their ranks; equal ones share a rank."""
        known = [(each.value, each) for each in self._all if each.value is not None]
        known.sort(key=lambda pair: (pair[0], pair[1].own), reverse=direction is not Direction.LOWER)
        values = [value for value, _figure in known]
        return [(values.index(value) + 1, figure) for value, figure in known]

    def quartiles(self) -> tuple[Decimal, Decimal, Decimal] | None:
        """Lower quartile, median and upper quartile of all figures, interpolated; None for fewer than two."""
        values = [Fraction(each.value) for each in self._all if each.value is not None]
        if len(values) < 2:  # noqa: PLR2004 - there is nothing between a figure and itself
            return None
        lower, median, upper = map(decimal_of, quantiles(values, n=4, method="inclusive"))
        return lower, median, upper

    def distribution(self) -> Mapping[str, int]:
        """How many units, the own one included, gave which answer of a rating."""
        return Counter(each.category for each in self._all if each.category)

    @property
    def _all(self) -> tuple[SiblingFigure, ...]:
        return self.others if self.own is None else (*self.others, self.own)


def compare_with_siblings(
    session: Session, actor: Actor, *, period: Period, form: str, indicator: Indicator
) -> SiblingComparison:
    """The actor's own unit among the units of the same superior, in the period's tree.

    Raises:
        NotPermitted: the actor does not stand in the unit.
        NotFound: the form was not sent down for the period, or the indicator is nothing that compares.
    """
    require(actor, Permission.COMPARE_SIBLINGS, Subject(actor.place.path))
    told = session.scalar(select(func.sibling_figures(actor.place.root_id, str(period), form, indicator.code)))
    if told is None:
        raise NotFound("comparison", indicator.code)
    others = tuple(_sibling(each) for each in told["figures"] or ())
    return SiblingComparison(
        own=_own(session, actor, period, indicator),
        siblings=told["siblings"],
        reported=told["reported"],
        named=told["named"],
        fewest=told["fewest"],
        others=others,
    )


def _sibling(told: Mapping[str, Any]) -> SiblingFigure:
    return SiblingFigure(
        code=told.get("code", ""),
        name=told.get("name", ""),
        name_en=told.get("name_en", ""),
        value=None if told["number"] is None else Decimal(told["number"]),
        category=told["category"],
        own=False,
        demo=told["demo"],
    )


def _own(session: Session, actor: Actor, period: Period, indicator: Indicator) -> SiblingFigure | None:
    query = (
        select(Observation, Submission.demo)
        .join(
            Submission,
            and_(*same_submission(Observation, Submission)),
        )
        .where(
            Observation.root_id == actor.place.root_id,
            Observation.period_code == str(period),
            Observation.indicator == indicator.code,
            Observation.unit_id == actor.place.id,
            (Observation.status == ValueStatus.REPORTED) | Observation.number.is_not(None),
        )
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    row, demo = found
    value: Decimal | None = row.number
    if value is None:
        ratio = Total(amount=row.amount, weight=row.weight).figure(indicator)
        value = None if ratio is None else rounded(ratio, _RATIO_DECIMALS)
    return SiblingFigure(actor.place.code, actor.place.name, "", value, row.category, own=True, demo=demo)
