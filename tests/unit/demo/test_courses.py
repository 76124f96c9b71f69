"""Past years are accepted; in the current one every stage occurs, in the right order, never in the future."""

from collections import Counter
from datetime import UTC, date, datetime, time

import pytest

from portal.clock import CHINA
from portal.demo.courses import CURRENT_YEAR, Course, collection_days, course_of, read_plan
from portal.demo.ways import DemoUnit
from portal.domain.lifecycle import COUNTED, HANDED_IN, State
from portal.domain.units import Level

TODAY = date(2024, 2, 5)


def courses(units: dict[str, DemoUnit], year: int, today: date = TODAY) -> dict[str, Course]:
    return {code: course_of(code, unit.level, year, today) for code, unit in units.items()}


def happenings(course: Course) -> list[datetime]:
    returned = [course.returned.submitted_at, course.returned.returned_at] if course.returned else []
    if course.state is State.SENT_BACK:
        return [course.started_at, *returned]
    found = [course.started_at, *returned, course.submitted_at, course.accepted_at]
    return [each for each in found if each is not None]


@pytest.mark.parametrize("year", [2019, 2022])
def test_past_years_are_accepted(units, year) -> None:
    found = courses(units, year)
    assert {course.state for course in found.values()} == {State.ACCEPTED}
    assert {course.due_on for course in found.values()} == {date(year + 1, 1, 31)}
    assert {course.version for course in found.values()} == {1, 2}


@pytest.mark.parametrize("today", [TODAY, date(2027, 3, 1), date(2028, 2, 29)])
@pytest.mark.parametrize("year", [2021, CURRENT_YEAR])
def test_nothing_happens_before_its_time(units, year, today) -> None:
    opens_on, _ = collection_days(year, today)
    opening = datetime.combine(opens_on, time(), CHINA)
    for code, course in courses(units, year, today).items():
        times = happenings(course)
        assert times == sorted(times), code
        assert all(opening <= each < datetime.combine(today, time(), CHINA) for each in times) or year != CURRENT_YEAR
        assert course.last_activity_at is None or times[-1] <= course.last_activity_at


def test_every_stage_occurs_in_the_current_year(units) -> None:
    found = courses(units, CURRENT_YEAR)
    states = Counter(course.state for course in found.values())
    assert set(states) >= {
        State.ASSIGNED, State.DRAFTING, State.CHECKED, State.SIGNED, State.SUBMITTED, State.SENT_BACK, State.ACCEPTED,
    }  # fmt: skip
    assert states[State.ACCEPTED] > len(found) / 3
    late = [each for each in found.values() if each.submitted_at and each.submitted_at.date() > each.due_on]
    assert late
    assert any(each.state in HANDED_IN for each in late)


def test_what_is_said_of_single_units(units) -> None:
    found = courses(units, CURRENT_YEAR)
    plan = read_plan()
    assert plan.units.keys() | plan.exempt.keys() <= units.keys()
    assert {code: found[code].state for code in plan.units} == {
        code: told["state"] for code, told in plan.units.items()
    }
    assert (found["441800"].state, found["441800"].filled) == (State.DRAFTING, 1)
    assert {found[code].exempt_reason for code in plan.exempt} == set(plan.exempt.values())


def test_a_report_that_was_sent_back_has_its_reason(units) -> None:
    for course in courses(units, CURRENT_YEAR).values():
        if course.state is State.SENT_BACK:
            assert course.returned.reason in read_plan().open_reasons
            assert course.submitted_at == course.returned.submitted_at
            assert course.accepted_at is None


def test_a_published_report_is_left_to_be_filled_in() -> None:
    course = course_of("640000", Level.PROVINCE, 2019, TODAY, seed=True)
    assert course.state is State.DRAFTING
    assert course.due_on > TODAY
    assert course.state not in COUNTED
    assert course.submitted_at is None
    assert course.started_at.astimezone(UTC) < datetime.now(UTC)
