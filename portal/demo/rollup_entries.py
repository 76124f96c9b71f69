"""What one city eliminates from its roll-up and adjusts in it, in the demonstration."""

from decimal import Decimal

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

CITY = "441800"
FORWARDED = ("FZ0901", "FZ0903")
"""Petitions registered, and those of them that the superior passed on."""

_WHY = "市局转区县局办理的信访事项，市、县两级各登记一次，按转办编号核对后冲抵"
_CAMPAIGNS = "FZ0801"
_HELD_TOGETHER = Entry(EntryKind.ADJUSTMENT, Decimal(-3))
_WHY_TOGETHER = "宪法宣传周三场活动由佛冈、英德两局联合举办，两家都报了，经核对减去重复的三场"


def load(province: Province) -> None:
    """Eliminate what is due by the figures accepted, and take three events out that two bureaus report."""
    period = Period(CURRENT_YEAR)
    with transaction(None) as session:
        place = get_place(session, CITY)
    user_id = province.user_ids.get(username(CITY, Role.REVIEWER))
    actor = Actor(user_id, str(person(CITY, Role.REVIEWER)), place, frozenset({Role.REVIEWER}))
    with transaction(actor) as session:
        unit = get_unit(session, CITY, period=period)
        due = [(code, standing(session, unit, period, province.form.indicator(code)).suggestion) for code in FORWARDED]
        entries = [(code, Entry(EntryKind.ELIMINATION, amount), _WHY) for code, amount in due if amount is not None]
        for code, entry, reason in [*entries, (_CAMPAIGNS, _HELD_TOGETHER, _WHY_TOGETHER)]:
            enter(session, actor, unit=CITY, period=period, indicator=code, entry=entry, reason=reason, seen=0)
