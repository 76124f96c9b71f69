"""Every kind of aggregation over a tree of uneven depth, held against the answers themselves.

There are towns, a county right below the province, a city whose towns stand right below it, and one without anything.
"""

from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from portal.db import transaction
from portal.domain.expressions import decimal_of
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level, Placement
from portal.domain.values import NOT_APPLICABLE, Value
from portal.queries.people import portal_actor
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import roll_up
from portal.queries.units import get_place
from portal.services import collections, forms, moves, units, values
from tests.world import INSIDERS

FORM = read_form("""
code: K
number: 1
name: 各种汇总
period: year
levels: [province, city, district, town]
sheets:
- code: K1
  name: 一
  indicators:
  - {code: SUM, name: 金额, unit: 万元, type: amount, roll_up: sum, core: false}
  - {code: PEOPLE, name: 人数, unit: 人, type: amount, roll_up: sum, core: false}
  - {code: RATE, name: 标准, unit: 元, type: rate, roll_up: {how: weighted_mean, weight: PEOPLE}, core: false}
  - {code: RATIO, name: 比, unit: '%', type: ratio, source: calculated,
     roll_up: {how: ratio_of_sums, numerator: SUM - MEAN, denominator: PEOPLE, multiplier: 100}}
  - {code: MEAN, name: 平均, unit: 万元, type: rate, roll_up: mean_per_unit, core: false}
  - {code: LEAST, name: 最小, unit: 元, type: rate, roll_up: minimum, core: false}
  - {code: MOST, name: 最大, unit: 元, type: rate, roll_up: {how: maximum, incomplete: withheld}, core: false}
  - {code: DISTRICTS, name: 属地, unit: 人, type: amount, roll_up: sum, filled_by: [district], scope: territorial,
     core: false}
  - {code: YES, name: 是否, unit: 是/否, type: yes-no, roll_up: count_yes, core: false}
  - {code: GRADE, name: 等次, unit: 等次, type: rating, choices: [优, 良], roll_up: distribution, core: false}
  - {code: LISTED, name: 目录, unit: 项, type: amount, roll_up: range, core: false}
  - {code: APART, name: 不汇总, unit: 项, type: amount, roll_up: none, core: false}
""")
TREE = {
    "p": ("", "province"),
    "c1": ("p", "city"),
    "d1": ("c1", "district"),
    "t1": ("d1", "town"),
    "t2": ("d1", "town"),
    "d2": ("c1", "district"),
    "d0": ("p", "district"),
    "t0": ("d0", "town"),
    "c2": ("p", "city"),
    "t9": ("c2", "town"),
    "c3": ("p", "city"),
}
PERIOD = Period(2023)
Answers = dict[str, Any]  # by indicator: a number, a text, or NOT_APPLICABLE; missing ones are not there


def line(unit: str) -> list[str]:
    return [unit, *(line(TREE[unit][0]) if TREE[unit][0] else [])]


def drawn(random: Random, unit: str) -> Answers:
    answers: Answers = {}
    for indicator in FORM.typed_at(Level(TREE[unit][1])):
        large = Decimal(random.randint(-(10**20), 10**20)).scaleb(-random.randint(0, 18))
        kinds = [None, NOT_APPLICABLE, Decimal(0), Decimal("-0.1"), Decimal(random.randint(1, 50)), large]
        words = {"YES": ["是", "否"], "GRADE": ["优", "良"]}.get(indicator.code)
        answer = random.choice([None, NOT_APPLICABLE, *words] if words else kinds)
        if answer is not None:
            answers[indicator.code] = answer
    return answers


def actor_of(unit: str) -> Actor:
    with transaction(None) as session:
        return Actor(None, unit, get_place(session, unit), frozenset(INSIDERS))


def accept(unit: str, answers: Answers) -> None:
    key, actor, above = SubmissionKey(unit, PERIOD, "K"), actor_of(unit), actor_of(TREE[unit][0] or unit)
    given = {code: each if isinstance(each, Value) else Value.of(each) for code, each in answers.items()}
    with transaction(actor) as session:
        values.save_values(session, actor, key, given)
        moves.take(session, actor, key, Action.SUBMIT)
    with transaction(above) as session:
        moves.take(session, above, key, Action.ACCEPT)


def told(answers: Answers, code: str) -> Any:
    """What a unit's answers say of an indicator: of the ratio its two sides, each of which may not apply as a whole.

    A rate counts only where its weight does.
    """
    if code == "RATE" and is_number(answers, code) and not is_number(answers, "PEOPLE"):
        return answers.get("PEOPLE")
    if code != "RATIO":
        return answers.get(code)
    sides = [answers.get(each) for each in ("SUM", "MEAN", "PEOPLE")]
    if sides[:2] == [NOT_APPLICABLE] * 2 or sides[2] is NOT_APPLICABLE:
        return NOT_APPLICABLE
    if None in sides:
        return None
    above, less, below = (Fraction(0 if each is NOT_APPLICABLE else each) for each in sides)
    return above - less, below


def model(code: str, parts: list[Answers], expected: int) -> Fraction | None:
    """What an indicator comes to over units that reported it."""
    reported = [told(each, code) for each in parts]
    match code:
        case "RATE":
            pairs = [(Fraction(each[code]), Fraction(each["PEOPLE"])) for each in parts]
            return quotient([(rate * people, people) for rate, people in pairs])
        case "RATIO":
            return quotient([(100 * above, below) for above, below in reported])
        case "YES":
            return Fraction(reported.count("是")) if reported else None
        case "GRADE" | "LISTED" | "APART":
            return None
        case "MOST" if len(reported) < expected:
            return None
    ways = {"MEAN": lambda numbers: sum(numbers) / len(numbers), "LEAST": min, "MOST": max}
    return ways.get(code, sum)([Fraction(each) for each in reported]) if reported else None


def is_number(answers: Answers, code: str) -> bool:
    return isinstance(answers.get(code), Decimal)


def numbers(accepted: dict[str, Answers], asked: list[str], code: str) -> list[Decimal]:
    return [accepted[each][code] for each in asked if each in accepted and is_number(accepted[each], code)]


def quotient(pairs: list[tuple[Fraction, Fraction]]) -> Fraction | None:
    below = sum(b for _a, b in pairs)
    return sum(a for a, _b in pairs) / below if below else None


def read() -> dict[tuple[str, str], RollUpRow]:
    actor = actor_of("p")
    with transaction(actor) as session:
        return {
            (row.unit_code, row.indicator): row
            for by in ("self", *(f"level:{level}" for level in Level))
            for row in roll_up(session, actor, unit="p", period=PERIOD, by=by)
        }


@pytest.mark.parametrize("seed", range(3))
def test_every_total_is_what_the_answers_below_come_to(database: None, seed: int) -> None:
    random = Random(seed)
    with transaction(None) as session:
        placed = [
            Placement(code, above, code, "", Level(level), date(2000, 1, 1)) for code, (above, level) in TREE.items()
        ]
        units.import_units(session, placed, [])
        forms.publish(session, FORM)
    with transaction(None) as session:
        sender = portal_actor(session, "p")
    with transaction(sender) as session:
        days = {"opens_on": PERIOD.ends_on, "due_on": date(2024, 1, 31)}
        collections.send_down(session, sender, FORM, PERIOD, **days)
    accepted = {unit: drawn(random, unit) for unit in TREE if random.random() < 0.85}
    for unit, answers in accepted.items():
        accept(unit, answers)
    found = read()
    for unit in TREE:
        for indicator in FORM:
            code, row = indicator.code, found[unit, indicator.code]
            asked = [each for each in TREE if unit in line(each) and TREE[each][1] in indicator.filled_by]
            given = [accepted[each] for each in asked if each in accepted and told(accepted[each], code) is not None]
            parts = [each for each in given if told(each, code) is not NOT_APPLICABLE]
            expected = len(asked) - (len(given) - len(parts))
            value = model(code, parts, expected)
            assert row.value == (None if value is None else decimal_of(value)), (unit, code)
            assert (row.reported, row.expected, row.partial) == (len(parts), expected, len(parts) < expected)
            ranged = numbers(accepted, asked, code) if code in {"RATE", "MEAN", "LISTED"} else []
            assert (row.minimum, row.maximum) == (min(ranged, default=None), max(ranged, default=None))
            assert row.counts == (Counter(each[code] for each in parts) if code == "GRADE" else {})
