"""A special collection (专项) of one city: made-up lists of problems and plans, as many as the yearly reports count."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from portal import clock
from portal.db import transaction
from portal.demo.courses import CURRENT_YEAR, collection_days
from portal.demo.people import person, username
from portal.demo.reports import Figures, Province
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Actor, Role
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value, Values
from portal.queries.people import portal_actor
from portal.queries.units import UnitRow, get_place
from portal.services import collections, moves
from portal.services.list_rows import RowChange, save_rows
from portal.services.values import save_values

CITY = "441800"
COUNTED = "FZ1004"
"""How many problems the yearly report on rule-of-law government names."""

_PROBLEMS = (
    # what the problem is, its kind, how many cases it concerns, the measure, the plan
    ("执法力量不足", "执法力量", 12, "协调编制，组织持证上岗培训", "充实行政执法人员"),
    ("普法方式单一", "普法方式", 6, "用案例和短视频普法", "丰富普法形式"),
    ("村规民约执行不到位", "基层治理", 9, "逐村修订并公示", "规范村规民约"),
    ("议事协商不充分", "基层治理", 4, "推广议事协商示范点", "完善议事协商机制"),
    ("规范性文件清理不及时", "制度", 3, "建立定期清理台账", "完成文件全面清理"),
    ("执法记录信息化程度低", "信息化", 7, "配齐记录设备并接入平台", "推进执法信息化"),
)
_FEW = 2
_LEFT_OPEN = "441802"
"""Whose lists are written and not yet handed in."""


def load(province: Province, form: FormVersion, units: Sequence[UnitRow], elsewhere: Figures) -> None:
    """Send the form down in the city, and let the units right below it answer; all but the last are accepted."""
    period = Period(CURRENT_YEAR)
    with transaction(None) as session:
        city = portal_actor(session, CITY)
    with transaction(city) as session:
        opens_on, due_on = collection_days(period, clock.today())
        collections.send_down(session, city, form, period, opens_on=opens_on, due_on=due_on, demo=True)
    reviewer = _acting(province, CITY, Role.REVIEWER)
    below = [unit for unit in units if unit.parent_code == CITY]
    for unit in below:
        key = SubmissionKey(unit.code, period, form.code)
        _fill(_acting(province, unit.code, Role.FILLER), key, _count(elsewhere[unit.code].values))
        if unit.code != _LEFT_OPEN:
            _take(_acting(province, unit.code, Role.HEAD), key, Action.SUBMIT)
            if unit is not below[-1]:
                _take(reviewer, key, Action.ACCEPT)


def _count(values: Values) -> int:
    said = values[COUNTED].number if COUNTED in values else None
    return min(int(said or _FEW), len(_PROBLEMS))


def _acting(province: Province, code: str, role: Role) -> Actor:
    with transaction(None) as session:
        place = get_place(session, code)
    return Actor(province.user_ids.get(username(code, role)), str(person(code, role)), place, frozenset({role}))


def _fill(filler: Actor, key: SubmissionKey, count: int) -> None:
    numbers = {"ZG101": count, "ZG102": count // 2, "ZG103": count}
    problems, plans = [], []
    for place, (title, kind, cases, measure, plan) in enumerate(_PROBLEMS[:count], start=1):
        problem: dict[str, str | Decimal] = {
            "title": title,
            "category": kind,
            "cases": Decimal(cases),
            "measure": measure,
            "office": "法规科",
            "due_on": f"{CURRENT_YEAR + 1}-06-30",
            "closed": "是" if place <= count // 2 else "否",
        }
        problems.append(_row(place, problem))
        plans.append(_row(place, {"title": plan, "problem": title, "due_on": f"{CURRENT_YEAR + 1}-12-31"}))
    with transaction(filler) as session:
        save_values(session, filler, key, {code: Value.of(number) for code, number in numbers.items()})
        save_rows(session, filler, key, "problems", problems)
        save_rows(session, filler, key, "plans", plans)


def _row(number: int, cells: Mapping[str, str | Decimal]) -> RowChange:
    return RowChange(number, {code: Value.of(each) for code, each in cells.items()}, 0)


def _take(actor: Actor, key: SubmissionKey, action: Action) -> None:
    with transaction(actor) as session:
        moves.take(session, actor, key, action)
