"""Past years are accepted; in the current one every stage occurs, in the right order, never in the future."""

from collections import Counter
from datetime import UTC, date, datetime, time

import pytest

from portal.clock import CHINA
from portal.demo.courses import CURRENT_YEAR, Course, collection_days, course_of, read_plan
from portal.demo.ways import DemoUnit
from portal.domain.lifecycle import COUNTED, HANDED_IN, State
from portal.domain.periods import Period, PeriodKind
from portal.domain.units import Level

TODAY = date(2024, 2, 5)


CURRENT = Period(CURRENT_YEAR)
LAST_QUARTERS = [each for year in (2022, CURRENT_YEAR) for each in Period(year).parts(PeriodKind.QUARTER)]


def courses(units: dict[str, DemoUnit], period: Period, today: date = TODAY) -> dict[str, Course]:
    return {code: course_of(code, unit.level, period, today) for code, unit in units.items()}


def happenings(course: Course) -> list[datetime]:
    returned = [course.returned.submitted_at, course.returned.returned_at] if course.returned else []
    if course.state is State.SENT_BACK:
        return [course.started_at, *returned]
    found = [course.started_at, *returned, course.submitted_at, course.accepted_at]
    return [each for each in found if each is not None]


@pytest.mark.parametrize("year", [2019, 2022])
def test_past_years_are_accepted(units, year) -> None:
    found = courses(units, Period(year))
    assert {course.state for course in found.values()} == {State.ACCEPTED}
    assert {course.due_on for course in found.values()} == {date(year + 1, 1, 31)}
    assert {course.version for course in found.values()} == {1, 2}


@pytest.mark.parametrize("today", [TODAY, date(2027, 3, 1), date(2028, 2, 29)])
@pytest.mark.parametrize("period", [Period(2021), CURRENT, *LAST_QUARTERS], ids=str)
def test_nothing_happens_before_its_time(units, period, today) -> None:
    opens_on, due_on = collection_days(period, today)
    under_way = period.ends_on == CURRENT.ends_on
    opening = datetime.combine(opens_on, time(), CHINA)
    for code, course in courses(units, period, today).items():
        times = happenings(course)
        assert times == sorted(times), code
        assert all(opening <= each < datetime.combine(today, time(), CHINA) for each in times) or not under_way
        assert course.last_activity_at is None or times[-1] <= course.last_activity_at
        assert course.submitted_at is None or under_way or course.submitted_at.date() > period.ends_on
        assert course.due_on == (due_on if course.state in COUNTED else collection_days(CURRENT, today)[1])


def test_every_stage_occurs_in_the_current_year(units) -> None:
    found = courses(units, CURRENT)
    states = Counter(course.state for course in found.values())
    assert set(states) >= {
        State.ASSIGNED, State.DRAFTING, State.CHECKED, State.SIGNED, State.SUBMITTED, State.SENT_BACK, State.ACCEPTED,
    }  # fmt: skip
    assert states[State.ACCEPTED] > len(found) / 3
    late = [each for each in found.values() if each.submitted_at and each.submitted_at.date() > each.due_on]
    assert late
    assert any(each.state in HANDED_IN for each in late)


def test_what_is_said_of_single_units(units) -> None:
    found = courses(units, CURRENT)
    plan = read_plan()
    assert plan.units.keys() | plan.exempt.keys() <= units.keys()
    assert {code: found[code].state for code in plan.units} == {
        code: told["state"] for code, told in plan.units.items()
    }
    assert (found["441800"].state, found["441800"].filled) == (State.DRAFTING, 1)
    assert {found[code].exempt_reason for code in plan.exempt} == set(plan.exempt.values())


def test_quarters_are_accepted_but_for_those_that_are_named(units) -> None:
    plan = read_plan()
    assert set(plan.quarters) <= {str(quarter) for quarter in LAST_QUARTERS}
    assert {code for named in plan.quarters.values() for code in named} <= units.keys()
    for quarter in LAST_QUARTERS:
        named = plan.quarters.get(str(quarter), {})
        found = courses(units, quarter)
        left = {code: course.state.value for code, course in found.items() if course.state is not State.ACCEPTED}
        assert left == {code: told["state"] for code, told in named.items()}
        for code, told in named.items():
            returned = found[code].returned
            assert (returned and returned.reason) == told.get("reason")


def test_a_report_that_was_sent_back_has_its_reason(units) -> None:
    for course in courses(units, CURRENT).values():
        if course.state is State.SENT_BACK:
            assert course.returned.reason in read_plan().open_reasons
            assert course.submitted_at == course.returned.submitted_at
            assert course.accepted_at is None


def test_a_published_report_is_left_to_be_filled_in() -> None:
    course = course_of("640000", Level.PROVINCE, Period(2019), TODAY, seed=True)
    assert course.state is State.DRAFTING
    assert course.due_on > TODAY
    assert course.state not in COUNTED
    assert course.submitted_at is None
    assert course.started_at.astimezone(UTC) < datetime.now(UTC)
