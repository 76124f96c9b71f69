"""A small world: two provinces with cities and districts, a form with every kind of aggregation, people."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Actor, Role
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level, Placement
from portal.domain.values import Value
from portal.queries.people import portal_actor
from portal.queries.units import get_place
from portal.services import collections, forms, moves, units, values

START = date(2000, 1, 1)

INSIDERS = tuple(role for role in Role if role is not Role.PARTNER)
"""The roles that a unit gives its own people."""

TREE = {
    # each unit: its parent, and its level
    "p1": ("", Level.PROVINCE),
    "c11": ("p1", Level.CITY),
    "d111": ("c11", Level.DISTRICT),
    "d112": ("c11", Level.DISTRICT),
    "c12": ("p1", Level.CITY),
    "d121": ("c12", Level.DISTRICT),
    "c13": ("p1", Level.CITY),  # a city without districts
    "p2": ("", Level.PROVINCE),
    "c21": ("p2", Level.CITY),
    "d211": ("c21", Level.DISTRICT),
}

FORM = """
code: T
number: 1
name: {zh: 试验表, en: Trial form}
period: year
levels: [province, city, district]
sheets:
  - code: T1
    name: {zh: 第一表, en: First sheet}
    indicators:
      - {code: T101, name: 检查次数, unit: 次, type: count, roll_up: sum, min: 0}
      - {code: T102, name: 其中甲, unit: 次, type: count, roll_up: sum, min: 0, part_of: T101,
         eliminate: T102}
      - {code: T103, name: 其中乙, unit: 次, type: count, roll_up: sum, min: 0, part_of: T101}
      - {code: T104, name: 甲占比, unit: '%', type: ratio, source: calculated,
         roll_up: {how: ratio_of_sums, numerator: T102, denominator: T101, multiplier: '100'}, decimals: 2}
      - {code: T105, name: 是否述法, unit: 是/否, type: yes-no, roll_up: count_yes}
      - {code: T106, name: 等次, unit: 等次, type: rating, choices: [优秀, 良好, 合格], roll_up: distribution}
      - {code: T107, name: 事项数, unit: 项, type: count, roll_up: range, min: 0}
  - code: T2
    name: {zh: 第二表, en: Second sheet}
    indicators:
      - {code: T201, name: 人数, unit: 人, type: count, roll_up: sum, min: 0, stock: true,
         filled_by: [district], scope: territorial}
      - {code: T202, name: 标准, unit: 元/人·月, type: rate, roll_up: {how: weighted_mean, weight: T201}, min: 0,
         filled_by: [district], scope: territorial, decimals: 2, stock: true}
      - {code: T203, name: 支出, unit: 万元, type: amount, roll_up: sum, min: 0, decimals: 2, core: false}
  - code: T3
    name: {zh: 第三表, en: Third sheet}
    list:
      code: cases
      core: false
      columns:
        - {code: title, name: 案件, type: text, key: true}
        - {code: spent, name: 金额, type: amount, unit: 万元, decimals: 2, min: 0}
outline:
  - {code: W1, name: {zh: 一、做法, en: Measures}, guide: 写做法, source: 厅字〔2019〕28号}
  - {code: W2, name: 二、不足}
rules:
  - {id: T101-B1, severity: blocking, indicator: T101, expression: T101 == T102 + T103}
  - {id: T107-E1, severity: explain, indicator: T107, expression: T107 >= 1}
"""

PERIOD = Period(2023)


@dataclass(frozen=True)
class World:
    """What the tests act on."""

    form: FormVersion

    def actor(self, unit: str, *roles: Role) -> Actor:
        """A person of that unit with these roles (all of them if none is named)."""
        with transaction(None) as session:
            place = get_place(session, unit)
        return Actor(None, f"{unit} 的人", place, frozenset(roles or INSIDERS), "127.0.0.1")

    def key(self, unit: str, period: Period = PERIOD) -> SubmissionKey:
        """The unit's submission."""
        return SubmissionKey(unit, period, self.form.code)

    def fill(self, unit: str, period: Period = PERIOD, **changes: Value) -> None:
        """Write good answers to everything the unit is asked."""
        actor = self.actor(unit)
        answers = {
            indicator.code: good_answers()[indicator.code] for indicator in self.form.typed_at(actor.place.level)
        }
        with transaction(actor) as session:
            values.save_values(session, actor, self.key(unit, period), answers | changes)

    def take(
        self, unit: str, action: Action, *, by: str | None = None, reason: str = "", period: Period = PERIOD
    ) -> None:
        """Move the unit's submission."""
        actor = self.actor(by or unit)
        with transaction(actor) as session:
            moves.take(session, actor, self.key(unit, period), action, reason=reason)

    def submit(self, unit: str, period: Period = PERIOD, **changes: Value) -> None:
        """Fill and hand in."""
        self.fill(unit, period, **changes)
        self.take(unit, Action.SUBMIT, period=period)

    def accept(self, unit: str, period: Period = PERIOD, **changes: Value) -> None:
        """Fill, hand in, and let the superior accept."""
        self.submit(unit, period, **changes)
        self.take(unit, Action.ACCEPT, by=TREE[unit][0] or unit, period=period)


def good_answers() -> dict[str, Value]:
    """Answers that break no rule."""
    return {
        "T101": Value.of(10),
        "T102": Value.of(4),
        "T103": Value.of(6),
        "T105": Value.of("是"),
        "T106": Value.of("良好"),
        "T107": Value.of(7),
        "T201": Value.of(100),
        "T202": Value.of(Decimal("650.5")),
        "T203": Value.of(Decimal("1.25")),
    }


def placements() -> list[Placement]:
    """The tree, unchanged since the beginning."""
    return [
        Placement(code, parent, f"{code} 民政局", f"Bureau {code}", level, START)
        for code, (parent, level) in TREE.items()
    ]


def build_world(periods: tuple[Period, ...] = (PERIOD,)) -> World:
    """Import the tree and the form, and send it down in both provinces."""
    form = read_form(FORM)
    with transaction(None) as session:
        units.import_units(session, placements(), [])
        forms.publish(session, form)
    for root in ("p1", "p2"):
        with transaction(None) as session:
            actor = portal_actor(session, root)
        for period in periods:
            with transaction(actor) as session:
                collections.send_down(
                    session, actor, form, period, opens_on=period.ends_on, due_on=date(period.year + 1, 1, 31)
                )
    return World(form)
