"""What cities eliminate from their roll-ups and adjust in them, in the demonstration."""

from decimal import Decimal

from sqlalchemy.orm import Session

from portal.db import transaction
from portal.demo.courses import CURRENT_YEAR
from portal.demo.people import person, username
from portal.demo.reports import Province
from portal.domain.periods import Period
from portal.domain.policy import Actor, Role
from portal.domain.rollup_entries import Entry, EntryKind
from portal.queries.rollups.entries import standing
from portal.queries.units import get_place, get_unit
from portal.services.rollup_entries import enter

ELIMINATING = "440200"
"""Its own figures are accepted: what it passed on to the districts is counted twice only then."""
FORWARDED = ("FZ0901", "FZ0903")
"""Petitions registered, and those of them that the superior passed on."""
_WHY = "市局转区县局办理的信访事项，市、县两级各登记一次，按转办编号核对后冲抵"

ADJUSTING = "441800"
_CAMPAIGNS = "FZ0801"
_HELD_TOGETHER = Entry(EntryKind.ADJUSTMENT, Decimal(-3))
_WHY_TOGETHER = "宪法宣传周三场活动由佛冈、英德两局联合举办，两家都报了，经核对减去重复的三场"

_PERIOD = Period(CURRENT_YEAR)


def load(province: Province) -> None:
    """Eliminate what is due by the figures accepted, and take three events out that two bureaus report."""
    reviewer = _reviewer(province, ELIMINATING)
    with transaction(reviewer) as session:
        unit = get_unit(session, ELIMINATING, period=_PERIOD)
        due = {code: standing(session, unit, _PERIOD, province.form.indicator(code)).suggestion for code in FORWARDED}
        for code, amount in due.items():
            if amount is not None:
                _enter(session, reviewer, ELIMINATING, code, Entry(EntryKind.ELIMINATION, amount), _WHY)
    reviewer = _reviewer(province, ADJUSTING)
    with transaction(reviewer) as session:
        _enter(session, reviewer, ADJUSTING, _CAMPAIGNS, _HELD_TOGETHER, _WHY_TOGETHER)


def _reviewer(province: Province, city: str) -> Actor:
    with transaction(None) as session:
        place = get_place(session, city)
    user_id = province.user_ids.get(username(city, Role.REVIEWER))
    return Actor(user_id, str(person(city, Role.REVIEWER)), place, frozenset({Role.REVIEWER}))


def _enter(session: Session, actor: Actor, city: str, indicator: str, entry: Entry, reason: str) -> None:
    enter(session, actor, unit=city, period=_PERIOD, indicator=indicator, entry=entry, reason=reason, seen=0)
