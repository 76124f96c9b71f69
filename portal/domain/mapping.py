"""How the indicators of a form's version follow from those of the versions before and after it.

An indicator that no change names is the same as the one of that code before. Figures of another version are carried
where that is exact: under another name, in another unit of measure, or as the sum of what was merged or split.
Everywhere else the series breaks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import pairwise

from portal.domain.careful_yaml import PlainPath
from portal.domain.expressions import decimal_of
from portal.domain.forms import AggregationKind, Change, ChangeKind, FormVersion, Indicator
from portal.domain.measures import read_measure
from portal.domain.record_kinds import Mistakes
from portal.domain.values import EXACT, MISSING, Value, Values
from portal.errors import InvalidInput

_HOW_MANY: dict[ChangeKind, tuple[range, range]] = {
    ChangeKind.RENAMED: (range(1, 2), range(1, 2)),
    ChangeKind.MERGED: (range(2, 1000), range(1, 2)),
    ChangeKind.SPLIT: (range(1, 2), range(2, 1000)),
    ChangeKind.NEW: (range(1), range(1, 1000)),
    ChangeKind.DROPPED: (range(1, 1000), range(1)),
}
"""How many old and how many new codes each change takes."""


@dataclass(frozen=True)
class Term:
    """An indicator of another version, and what its figures are multiplied by to be in this version's unit."""

    code: str
    factor: Fraction = Fraction(1)

    def of(self, value: Value) -> Value:
        """The figure in this version's unit of measure."""
        return value if value.number is None else replace(value, number=self.of_number(value.number))

    def of_number(self, number: Decimal) -> Decimal:
        """The same of a bare number."""
        return number if self.factor == 1 else decimal_of(Fraction(number) * self.factor)


def terms(way: Sequence[FormVersion], code: str) -> tuple[Term, ...]:
    """The indicators of another version that an indicator is the sum of; none where the series breaks.

    `way` leads from the version that has the indicator to the other, each followed by the one published right before
    it, or right after it.
    """
    found: tuple[Term, ...] = (Term(code),) if code in way[0].by_code else ()
    if found and way[0].by_code[code].added_by:
        return found if code in way[-1].by_code else ()  # the core knows nothing of it; its code keeps its meaning
    for here, there in pairwise(way):
        steps = [_step(here, there, each.code) for each in found]
        if not all(steps):
            return ()
        found = tuple(
            Term(further.code, each.factor * further.factor)
            for each, step in zip(found, steps, strict=True)
            for further in step
        )
    return found


def value_across(way: Sequence[FormVersion], code: str, values: Values) -> Value | None:
    """The value of an indicator in another version: `values` are that version's figures, `way` leads to it.

    None where the series breaks, and where there is no figure.
    """
    return _sum([(each, values.get(each.code)) for each in terms(way, code)])


def carried_over(way: Sequence[FormVersion], values: Values) -> Values:
    """All figures of another version, by the codes of the one that the way begins with."""
    if len(way) == 1:
        return values
    carried = {code: _sum([(each, values.get(each.code)) for each in found]) for code, found in _all_terms(way).items()}
    return {code: value for code, value in carried.items() if value is not None}


def _all_terms(way: Sequence[FormVersion]) -> Mapping[str, tuple[Term, ...]]:
    """The `terms` of every indicator, found once: a report of a province goes the same way for each of its units."""
    found, _ = way[0].kept(
        (_all_terms, *map(id, way)),
        lambda: ({code: terms(way, code) for code in way[0].codes}, tuple(way)),  # the way stays, and so do its ids
    )
    return found


def broken(way: Sequence[FormVersion]) -> frozenset[str]:
    """Indicators of the version that the way begins with, of which the other version tells nothing comparable."""
    return frozenset() if len(way) == 1 else frozenset(code for code, found in _all_terms(way).items() if not found)


def _step(here: FormVersion, there: FormVersion, code: str) -> tuple[Term, ...]:
    """The same for versions right after one another."""
    codes = _before(here, code) if here.number > there.number else _after(there, code)
    ours, theirs = here.by_code[code], [there.by_code.get(each) for each in codes]
    factors = [None if other is None else _factor(ours, other) for other in theirs]
    sums = all(each.aggregation.kind is AggregationKind.SUM for each in (ours, *theirs) if each)
    if None in factors or (len(codes) > 1 and not sums):
        return ()
    return tuple(Term(each, factor) for each, factor in zip(codes, factors, strict=True) if factor is not None)


def _before(form: FormVersion, code: str) -> tuple[str, ...]:
    """What an indicator of the version was in the one before."""
    change = next((each for each in form.mapping if code in each.new), None)
    if change is None:
        return (code,)
    return change.old if change.how in {ChangeKind.RENAMED, ChangeKind.MERGED} else ()


def _after(form: FormVersion, code: str) -> tuple[str, ...]:
    """What became in the version of an indicator of the one before."""
    change = next((each for each in form.mapping if code in each.old), None)
    if change is None:
        return () if any(code in each.new for each in form.mapping) else (code,)
    return change.new if change.how in {ChangeKind.RENAMED, ChangeKind.SPLIT} else ()


def _factor(ours: Indicator, theirs: Indicator) -> Fraction | None:
    """What a figure of theirs is multiplied by to be one of ours; None if the two measure different things."""
    if not (ours.type.is_number and theirs.type.is_number):
        return Fraction(1) if ours.type is theirs.type else None
    one, other = (read_measure(each.unit, each.unit_synonyms) for each in (ours, theirs))
    if one is None or other is None:
        return Fraction(1) if one is other else None
    if one.scale is None or other.scale is None or not replace(one, scale=None).same_as(other):
        return None
    return other.scale / one.scale


def _sum(found: Sequence[tuple[Term, Value | None]]) -> Value | None:
    """The only value, or the sum of several; what does not apply adds nothing, and without one there is no sum."""
    values = [None if value is None else term.of(value) for term, value in found]
    if len(values) < 2:  # noqa: PLR2004 - nothing to add up
        return values[0] if values else None
    if any(value is None or not value.answered or (value.reported and value.number is None) for value in values):
        return MISSING
    numbers = [value.number for value in values if value is not None and value.number is not None]
    if not numbers:
        return values[0]
    return Value.of(reduce(EXACT.add, numbers), approximate=any(value.approximate for value in values if value))


def changes_of(successors: Mapping[str, Collection[str]], come: Iterable[str], gone: Iterable[str]) -> list[Change]:
    """The changes, told by what took the place of which indicator.

    Args:
        successors: by an indicator of the version before, those that have its figures now.
        come: indicators that are new unless they succeed one.
        gone: indicators that are dropped unless one succeeds them.

    Raises:
        InvalidInput: several indicators were made into several others, which tells nobody what became of which.
    """
    known = set(come)
    parts: dict[str, list[str]] = {}
    for old, news in successors.items():
        for new in news:
            parts.setdefault(new, [] if new in known else [new]).append(old)
    changes: dict[tuple[str, ...], list[str]] = {}
    for new, olds in parts.items():
        changes.setdefault(tuple(dict.fromkeys(olds)), []).append(new)
    if any(len(olds) > 1 and len(news) > 1 for olds, news in changes.items()):
        raise InvalidInput("successors", "tangled")
    if len({old for olds in changes for old in olds}) < sum(map(len, changes)):
        raise InvalidInput("successors", "tangled")
    found = [Change(_how(olds, news), olds, tuple(news)) for olds, news in changes.items()]
    fresh = tuple(code for code in come if code not in parts)
    dropped = tuple(code for code in gone if not successors.get(code))
    found += [Change(ChangeKind.NEW, new=fresh)] if fresh else []
    return found + ([Change(ChangeKind.DROPPED, old=dropped)] if dropped else [])


def _how(olds: Sequence[str], news: Sequence[str]) -> ChangeKind:
    if len(olds) > 1:
        return ChangeKind.MERGED
    return ChangeKind.SPLIT if len(news) > 1 else ChangeKind.RENAMED


def check_changes(form: FormVersion, mistakes: Mistakes) -> None:
    """Every change takes as many codes as it must, its new ones are there, and nothing changes twice."""
    seen: set[str] = set()
    for position, change in enumerate(form.mapping):
        path: PlainPath = ("mapping", position)
        olds, news = _HOW_MANY[change.how]
        if len(change.old) not in olds or len(change.new) not in news:
            zh = f"{change.how} 的 old、new 个数不对"
            mistakes.add(path, zh, f"wrong number of old or new codes for {change.how}")
        for place, code in enumerate(change.new):
            if code not in form.by_code:
                mistakes.add((*path, "new", place), f"没有指标“{code}”", f'no indicator "{code}"')
            if code in seen:
                mistakes.add((*path, "new", place), f"“{code}”重复", f'"{code}" comes twice')
            seen.add(code)


def check_succession(form: FormVersion, before: FormVersion) -> Mistakes:
    """Whether the mapping accounts for every indicator of both versions."""
    mistakes = Mistakes()
    gone = {code for change in form.mapping for code in change.old}
    come = {code for change in form.mapping for code in change.new}
    for position, change in enumerate(form.mapping):
        for place, code in enumerate(change.old):
            path = ("mapping", position, "old", place)
            if code not in before.by_code:
                zh = f"第 {before.number} 版没有指标“{code}”"
                mistakes.add(path, zh, f'version {before.number} has no indicator "{code}"')
            elif change.how is ChangeKind.DROPPED and code in form.by_code and code not in come:
                mistakes.add(path, f"“{code}”仍在表中", f'"{code}" is still there')
    for code in before.codes:
        if code not in form.by_code and code not in gone:
            zh = f"第 {before.number} 版的“{code}”没有去向，请写明 renamed、split、merged 或 dropped"
            mistakes.add(("mapping",), zh, f'"{code}" of version {before.number} is gone: say what became of it')
    for code in form.codes:
        if code not in before.by_code and code not in come:
            zh = f"“{code}”在第 {before.number} 版没有，请写明 new、renamed、split 或 merged"
            mistakes.add(("mapping",), zh, f'"{code}" is not in version {before.number}: say where it comes from')
    return mistakes
