"""Which versions of a form work a figure out otherwise than the version before them.

A calculated figure is stored as it was accepted, worked out by the version that was collected. A later version that
works it out otherwise changes nothing about that; what it would have made of the same figures is told beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from portal.domain.expressions import Expression
from portal.domain.form_expressions import worked_out_from
from portal.domain.forms import AggregationKind, ChangeKind, FormVersion, Indicator, Sheet, Source
from portal.domain.mapping import Term, terms


@dataclass(frozen=True)
class Reckoned:
    """A calculated indicator, and where on the way back to another version it came to be worked out otherwise.

    Attributes:
        was: what the other version has in its place, and what its figures are multiplied by to be comparable.
        steps: positions on the way of the versions that work it out otherwise than the one before; newest first.
        formulas: how it was worked out before the first of them, and how it is since the last.
    """

    was: Term
    steps: tuple[int, ...]
    formulas: tuple[str, str]


@dataclass
class _Followed:
    """An indicator on the way back."""

    code: str
    factor: Fraction = Fraction(1)
    steps: list[int] = field(default_factory=list)


def reckoned_otherwise(way: Sequence[FormVersion]) -> dict[str, Reckoned]:
    """The indicators that the first version of the way works out otherwise than the last one, in form order.

    Not those of which the last version tells nothing comparable.

    Args:
        way: from a version to an older one, each followed by the one published right before it, of the form or of
            what a unit added to it.
    """
    newest, oldest = way[0], way[-1]
    followed = {each.code: _Followed(each.code) for each in newest if each.source is Source.CALCULATED}
    for position, (here, there) in enumerate(pairwise(way)):
        otherwise = _otherwise(here, there)
        for code, each in list(followed.items()):
            found = _before(here, there, each.code)
            if len(found) != 1:
                del followed[code]
                continue
            if each.code in otherwise:
                each.steps.append(position)
            each.code, each.factor = found[0].code, each.factor * found[0].factor
    return {
        code: Reckoned(
            Term(each.code, each.factor),
            tuple(each.steps),
            (formula_of(oldest.by_code[each.code]), formula_of(newest.by_code[code])),
        )
        for code, each in followed.items()
        if each.steps
    }


def narrowed(form: FormVersion, codes: Iterable[str]) -> FormVersion:
    """The form with some of its indicators and what they are worked out from, and with all of its lists."""
    asked = frozenset(codes)
    return form.kept((narrowed, asked), lambda: _narrowed(form, asked))


def _narrowed(form: FormVersion, codes: frozenset[str]) -> FormVersion:
    wanted: set[str] = set()
    waiting = [code for code in codes if code in form.by_code]
    while waiting:
        code = waiting.pop()
        if code not in wanted:
            wanted.add(code)
            indicator = form.by_code[code]
            looked_at = {each.code for source in worked_out_from(form, indicator) for each in source.references}
            looked_at |= {indicator.aggregation.of, indicator.aggregation.weight}
            waiting += looked_at & form.by_code.keys()
    listed = tuple(each for each in form if each.code in wanted)
    lists = tuple(sheet for sheet in form.sheets if sheet.table is not None)
    return replace(form, sheets=(Sheet("", form.name, listed), *lists))


def stands_alone(*indicators: Indicator) -> bool:
    """Whether an indicator, in one of its versions, is not added up over units: each unit has its own figure only."""
    return any(each.aggregation.kind is AggregationKind.NONE for each in indicators)


def formula_of(indicator: Indicator) -> str:
    """How it is worked out, as the form says it; empty for what people type."""
    way = indicator.aggregation
    if way.kind is not AggregationKind.RATIO_OF_SUMS:
        return indicator.formula or indicator.carried_from
    times = f" × {way.multiplier}" if way.multiplier != 1 else ""
    return f"({way.numerator}) ÷ ({way.denominator}){times}"


def _otherwise(here: FormVersion, there: FormVersion) -> frozenset[str]:
    """The calculated indicators of a version whose figures may differ from what the one before makes of the same."""
    names = {
        old: new
        for change in here.mapping
        if change.how is ChangeKind.RENAMED
        for old, new in zip(change.old, change.new, strict=True)
    }
    changed: dict[str, bool] = {}

    def is_changed(code: str) -> bool:
        if code not in changed:
            changed[code] = _is_changed(code)
        return changed[code]

    def _is_changed(code: str) -> bool:
        ours = here.by_code.get(code)
        found = _before(here, there, code)
        if ours is None or not found:
            return False  # a list's column; or an indicator that was not there: who looks at it is written otherwise
        if ours.source is not Source.CALCULATED:
            return any(each.factor != 1 for each in found)  # in another unit of measure
        theirs = there.by_code[found[0].code]
        if _reckoning(here, ours, {}) != _reckoning(there, theirs, names):
            return True
        looked_at = {each.code for source in worked_out_from(here, ours) for each in source.references if each.own}
        return any(map(is_changed, looked_at | {ours.aggregation.of, ours.aggregation.weight}))

    return frozenset(each.code for each in here if each.source is Source.CALCULATED and is_changed(each.code))


def _before(here: FormVersion, there: FormVersion, code: str) -> tuple[Term, ...]:
    """What the indicator is the sum of in the version before; two with the same number differ in what units added."""
    if here.number != there.number:
        return terms((here, there), code)
    return (Term(code),) if code in there.by_code else ()


def _reckoning(form: FormVersion, indicator: Indicator, names: Mapping[str, str]) -> tuple[object, ...]:
    """What decides the figure and what it adds to roll-ups, apart from the figures that it looks at."""
    way = indicator.aggregation
    sources: list[Expression] = [each.renamed(names) for each in worked_out_from(form, indicator)]
    others = tuple(names.get(each, each) for each in (way.of, way.weight))
    return indicator.source, way.kind, way.multiplier, *others, *(each.root for each in sources)
