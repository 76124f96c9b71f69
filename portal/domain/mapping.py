"""How the indicators of a form's version follow from those of the version before.

An indicator that no change names is the same as the one of that code before. Figures of earlier versions are carried
where that is exact: under a new name, or as the sum of what was merged. Everywhere else there is a break.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from portal.domain.careful_yaml import PlainPath
from portal.domain.forms import AggregationKind, ChangeKind, FormVersion
from portal.domain.record_kinds import Mistakes
from portal.domain.values import MISSING, Value, Values

_HOW_MANY: dict[ChangeKind, tuple[range, range]] = {
    ChangeKind.RENAMED: (range(1, 2), range(1, 2)),
    ChangeKind.MERGED: (range(2, 1000), range(1, 2)),
    ChangeKind.SPLIT: (range(1, 2), range(2, 1000)),
    ChangeKind.NEW: (range(1), range(1, 1000)),
    ChangeKind.DROPPED: (range(1, 1000), range(1)),
}
"""How many old and how many new codes each change takes."""


def origins(form: FormVersion, code: str) -> tuple[str, ...]:
    """The indicators of the version before whose sum is this one; none where the series breaks."""
    change = next((each for each in form.mapping if code in each.new), None)
    if change is None:
        return (code,)
    adds_up = form.indicator(code).aggregation.kind is AggregationKind.SUM
    exact = change.how is ChangeKind.RENAMED or (change.how is ChangeKind.MERGED and adds_up)
    return change.old if exact else ()


def origins_through(versions: Sequence[FormVersion], code: str) -> tuple[str, ...]:
    """The same over several versions, newest first, each followed by the one before it."""
    codes: tuple[str, ...] = (code,)
    for form in versions:
        steps = [origins(form, each) for each in codes if each in form.by_code]
        if len(steps) < len(codes) or not all(steps):
            return ()
        codes = tuple(old for step in steps for old in step)
    return codes


def carried_over(versions: Sequence[FormVersion], values: Values) -> Values:
    """Figures of an earlier version by the codes of the newest; of `versions`, newest first, it is the one before."""
    if not versions:
        return values
    carried = {code: _sum(origins_through(versions, code), values) for code in versions[0].codes}
    return {code: value for code, value in carried.items() if value is not None}


def _sum(codes: Iterable[str], values: Values) -> Value | None:
    """The only value, or the sum of several; what does not apply adds nothing, and without one there is no sum."""
    found = [values.get(code) for code in codes]
    if len(found) < 2:  # noqa: PLR2004 - nothing to add up
        return found[0] if found else None
    if any(value is None or not value.answered or (value.reported and value.number is None) for value in found):
        return MISSING
    numbers = [value.number for value in found if value is not None and value.number is not None]
    if not numbers:
        return found[0]
    return Value.of(sum(numbers, Decimal(0)), approximate=any(value.approximate for value in found if value))


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
