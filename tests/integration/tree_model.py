"""What roll-ups must come to, said once more in the plainest way: every unit's history, every accepted answer."""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

Answers = dict[str, object]  # by indicator: a number, a text, None for not applicable; missing ones are not there


@dataclass
class Model:
    stays: dict[str, list[list]]  # by unit: [from, to or None, parent, level]
    accepted: dict[tuple[str, int], Answers] = field(default_factory=dict)
    asked: dict[tuple[str, int], str] = field(default_factory=dict)  # the level at which a unit was last asked
    became: list[tuple[date, str, set[str]]] = field(default_factory=list)
    entered: dict[tuple[str, int, str], list[Decimal]] = field(default_factory=dict)  # by unit, year and indicator

    def copy(self) -> "Model":
        return deepcopy(self)

    def stay(self, unit: str, day: date) -> list | None:
        return next((s for s in self.stays.get(unit, []) if s[0] <= day and (s[1] is None or day < s[1])), None)

    def living(self, day: date) -> set[str]:
        return {unit for unit in self.stays if self.stay(unit, day)}

    def line(self, unit: str, day: date) -> list[str]:
        """The unit and all above it."""
        stay = self.stay(unit, day)
        return [unit, *(self.line(stay[2], day) if stay[2] else [])]

    def end(self, unit: str, day: date, *successors: str) -> None:
        """The unit gives way; if it is among its successors it stays."""
        if unit not in successors:
            self.stay(unit, day)[1] = day
        if successors:
            self.became.append((day, unit, set(successors)))

    def place(self, unit: str, day: date, parent: str, level: str) -> None:
        if self.stay(unit, day):
            self.end(unit, day)
        self.stays.setdefault(unit, []).append([day, None, parent, level])

    def heirs(self, unit: str, day: date) -> set[str]:
        """Who stands at the end of time where the unit stood on a day."""
        steps = sorted((on, successors) for on, old, successors in self.became if old == unit and on > day)
        if steps:
            return set().union(*(self.heirs(each, steps[0][0]) for each in steps[0][1]))
        last = max(self.stays[unit], key=lambda stay: stay[0])
        return {unit} if last[1] is None else self.heirs(last[2], max(day, last[1]))

    def counts_for(self, unit: str, year: int, current: bool) -> tuple[set[str], set[str]]:
        """The units whose total a unit's figures are in, and those that would have an unknown part of them."""
        end = date(year, 12, 31)
        if unit not in self.living(end):
            return set(), set()
        if not current:
            return set(self.line(unit, end)), set()
        lines = [set(self.line(heir, date.max)) for heir in self.heirs(unit, end)]
        whole = set.intersection(*lines)
        return whole, set.union(*lines) - whole

    def asked_at(self, unit: str, year: int) -> str | None:
        """The level at which a unit is asked for a year: where it stands, but what is accepted stays what it was."""
        stay = self.stay(unit, date(year, 12, 31))
        if (unit, year) in self.accepted or (unit, year) not in self.asked or stay is None:
            return self.asked.get((unit, year))
        return stay[3]

    def total(self, unit: str, year: int, code: str, filled_by: set[str], current: bool) -> tuple:
        """Value, counts, minimum, maximum, reported, not applicable, expected, whether it is torn, and what was entered."""
        parts, expected, torn, entered = [], 0, set(), []
        end = date(year, 12, 31)
        for other in self.living(end):
            whole, part = self.counts_for(other, year, current)
            here = self.entered.get((other, year, code), [])
            if unit in part and (self.stay(other, end)[3] in filled_by or here):
                torn.add(other)
            if unit in whole:
                entered += here
            if unit in whole and self.asked_at(other, year) in filled_by:
                expected += 1
            if unit in whole and (other, year) in self.accepted:
                parts.append(self.accepted[other, year])
        mine = [answers[code] for answers in parts if code in answers]
        given = [each for each in mine if each is not None]
        value, counts, numbers = KINDS[code](given, [answers for answers in parts if answers.get(code) is not None])
        if code == "T202":  # in the mean is what has a weight
            given = [answers[code] for answers in parts if answers.get("T201") is not None and code in answers]
        missing = len(mine) - len(given)
        if entered:
            value = (value or 0) + sum(entered)
        if torn:
            value, counts, numbers, entered = None, {}, [], []
        low, high = (min(numbers), max(numbers)) if numbers else (None, None)
        return (
            value,
            counts,
            low,
            high,
            len(given),
            missing,
            expected - missing,
            torn,
            sum(entered) if entered else None,
        )


def _sum(given: list, _answers: list) -> tuple:
    return (sum(given, Decimal(0)) if given else None), {}, []


def _ratio(given: list, _answers: list) -> tuple:
    above, below = sum(each[0] for each in given), sum(each[1] for each in given)
    return (Decimal(100) * above / below if below else None), {}, []


def _mean(given: list, answers: list) -> tuple:
    weight = sum(each["T201"] or 0 for each in answers)
    return (sum(a["T202"] * (a["T201"] or 0) for a in answers) / weight if weight else None), {}, given


KINDS = {
    "T101": _sum,
    "T104": _ratio,
    "T105": lambda given, _: ((Decimal(given.count("是")) if given else None), {}, []),
    "T106": lambda given, _: (None, dict(Counter(given)), []),
    "T107": lambda given, _: (None, {}, given),
    "T201": _sum,
    "T202": _mean,
    "T203": _sum,
}
