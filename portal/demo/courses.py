"""How far each unit came with each report, and when: past ones are accepted, those of the current year under way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any

import yaml

from portal.clock import CHINA
from portal.demo.chance import chance
from portal.domain.lifecycle import COUNTED, HANDED_IN, State
from portal.domain.periods import Period, PeriodKind
from portal.domain.units import Level

CURRENT_YEAR = 2023
DAYS_SINCE_DUE = 5
"""Reports of the current year, or of its last quarter, were due so many days before the day of loading."""

DAYS_LEFT_FOR_SEEDS = 14
"""The two published reports are left for whoever tries the portal, with so many days to go."""

_COLLECTION_DAYS = 42
_DAYS_SINCE_SUBMITTED = (4, 24)
_LATE_ODDS = 0.06
_RETURNED_ODDS = 0.06


@dataclass(frozen=True)
class Returned:
    """A first version that was handed in and sent back."""

    submitted_at: datetime
    returned_at: datetime
    reason: str


@dataclass(frozen=True)
class Course:
    """How far one report came.

    Attributes:
        filled: share of the sheets that are filled in, from the first on.
        started_at: when the first figure was entered; None before.
        submitted_at: when the version last handed in was.
        last_activity_at: of whatever was done last.
    """

    state: State
    due_on: date
    filled: float = 1
    started_at: datetime | None = None
    returned: Returned | None = None
    submitted_at: datetime | None = None
    accepted_at: datetime | None = None
    last_activity_at: datetime | None = None
    exempt_reason: str | None = None

    @property
    def version(self) -> int:
        """Number of the current version."""
        return 1 if self.returned is None else 2


@dataclass(frozen=True)
class Correction:
    """What the first version of a report that was sent back had wrong."""

    code: str
    off_by: int
    reason: str


@dataclass(frozen=True)
class Plan:
    """The content of `courses.yaml`."""

    odds: Mapping[Level, Mapping[State, float]]
    units: Mapping[str, Mapping[str, Any]]
    quarters: Mapping[str, Mapping[str, Mapping[str, Any]]]
    exempt: Mapping[str, str]
    open_reasons: tuple[str, ...]
    correction: Correction


@lru_cache(maxsize=1)
def read_plan() -> Plan:
    """The plan of the demonstration."""
    content = yaml.safe_load(files("portal.demo").joinpath("courses.yaml").read_text(encoding="utf-8"))
    odds = {
        Level(level): {State(state): each for state, each in states.items()}
        for level, states in content["odds"].items()
    }
    return Plan(
        odds,
        content["units"],
        content["quarters"],
        content["exempt"],
        tuple(content["open_reasons"]),
        Correction(**content["correction"]),
    )


def collection_days(period: Period, today: date) -> tuple[date, date]:
    """From which day and until which a period's report is collected: up to the end of the month after it."""
    after = period.next.starts_on
    month_after = Period(after.year, PeriodKind.MONTH, after.month)
    due_on = today - timedelta(days=DAYS_SINCE_DUE) if _under_way(period) else month_after.ends_on
    return due_on - timedelta(days=_COLLECTION_DAYS), due_on


def _under_way(period: Period) -> bool:
    return period.ends_on == Period(CURRENT_YEAR).ends_on


def course_of(unit_code: str, level: Level, period: Period, today: date, *, seed: bool = False) -> Course:
    """How far the unit is with the period's report on the day of loading; `seed` for a published one."""
    due_on = collection_days(period, today)[1]
    throw = chance(unit_code, period, "course")
    if seed:
        return _draft(State.DRAFTING, today + timedelta(days=DAYS_LEFT_FOR_SEEDS), 1, today, throw)
    told = read_plan().quarters.get(str(period), {}).get(unit_code)
    if told is not None:
        extended_to = today - timedelta(days=DAYS_SINCE_DUE)
        return _open(State(told["state"]), told, extended_to, today, throw)
    if not _under_way(period):
        late = throw.random() < _LATE_ODDS
        days = throw.randint(1, 8) if late else -throw.randint(0, 24)
        return _accepted(due_on, due_on + timedelta(days=days), throw.randint(6, 12), throw)
    if period.kind is not PeriodKind.YEAR:
        return _accepted(due_on, today - timedelta(days=throw.randint(*_DAYS_SINCE_SUBMITTED)), 3, throw)
    return _current(unit_code, level, due_on, today, throw)


def _current(unit_code: str, level: Level, due_on: date, today: date, throw: Random) -> Course:
    plan = read_plan()
    if unit_code in plan.exempt:
        return Course(State.ASSIGNED, due_on, filled=0, exempt_reason=plan.exempt[unit_code])
    told = plan.units.get(unit_code, {})
    drawn = throw.choices(list(plan.odds[level]), list(plan.odds[level].values()))[0]
    state = State(told.get("state", drawn))
    if state in COUNTED:
        return _accepted(due_on, today - timedelta(days=throw.randint(*_DAYS_SINCE_SUBMITTED)), 3, throw)
    return _open(state, told, due_on, today, throw)


def _open(state: State, told: Mapping[str, Any], due_on: date, today: date, throw: Random) -> Course:
    if state is State.ASSIGNED:
        return Course(state, due_on, filled=0)
    if state is State.SENT_BACK:
        reason = told["reason"] if "reason" in told else throw.choice(read_plan().open_reasons)
        return _sent_back(due_on, today - timedelta(days=throw.randint(5, 12)), reason, throw)
    filled = told.get("filled", throw.uniform(0.1, 0.9) if state is State.DRAFTING else 1)
    draft = _draft(state, due_on, filled, today, throw)
    return _handed_in(draft, today, throw) if state in HANDED_IN else draft


def _accepted(due_on: date, submitted_on: date, within_days: int, throw: Random) -> Course:
    started_at = _moment(submitted_on - timedelta(days=throw.randint(8, 16)), throw)
    returned = None
    if throw.random() < _RETURNED_ODDS:
        first_on, back_on = submitted_on - timedelta(days=6), submitted_on - timedelta(days=3)
        returned = Returned(_moment(first_on, throw), _moment(back_on, throw), read_plan().correction.reason)
    submitted_at = _moment(submitted_on, throw)
    accepted_at = _moment(submitted_on + timedelta(days=throw.randint(1, within_days)), throw)
    return Course(State.ACCEPTED, due_on, 1, started_at, returned, submitted_at, accepted_at, accepted_at)


def _sent_back(due_on: date, submitted_on: date, reason: str, throw: Random) -> Course:
    started_at = _moment(submitted_on - timedelta(days=throw.randint(6, 15)), throw)
    submitted_at = _moment(submitted_on, throw)
    returned_at = _moment(submitted_on + timedelta(days=throw.randint(1, 4)), throw)
    returned = Returned(submitted_at, returned_at, reason)
    return Course(State.SENT_BACK, due_on, 1, started_at, returned, submitted_at, None, returned_at)


def _draft(state: State, due_on: date, filled: float, today: date, throw: Random) -> Course:
    started_at = _moment(today - timedelta(days=throw.randint(12, 30)), throw)
    last_activity_at = _moment(today - timedelta(days=throw.randint(1, 8)), throw)
    return Course(state, due_on, filled, started_at, last_activity_at=last_activity_at)


def _handed_in(draft: Course, today: date, throw: Random) -> Course:
    submitted_at = _moment(today - timedelta(days=throw.randint(1, 9)), throw)
    return Course(
        draft.state, draft.due_on, 1, draft.started_at, submitted_at=submitted_at, last_activity_at=submitted_at
    )


def _moment(day: date, throw: Random) -> datetime:
    """Some minute of the working day."""
    minutes = throw.randint(8 * 60 + 30, 17 * 60 + 30)
    return datetime.combine(day, time(minutes // 60, minutes % 60, throw.randint(0, 59)), CHINA)
