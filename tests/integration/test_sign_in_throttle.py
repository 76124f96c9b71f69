"""Counting failures to sign in, alone and at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.clock import frozen_at
from portal.db import identity_transaction
from portal.domain.sign_in import ACCOUNT, ADDRESS, Limit
from portal.models import SignInThrottle
from portal.services.sign_in_throttle import blocked_until, forget, forget_old, give_back, reserve
from tests.databases import TestServer

NOON = datetime(2024, 3, 1, 4, tzinfo=UTC)
SMALL = Limit("small", failures=3, blocked_for=timedelta(minutes=15), remembered_for=timedelta(minutes=40))

_fresh_keys = count()


def attempts(limit: Limit, key: str, *minutes: int) -> list[bool]:
    """Whether attempts at these minutes after noon, all of them failures, are looked at."""
    heard = []
    for minute in minutes:
        with frozen_at(NOON + timedelta(minutes=minute)), identity_transaction() as session:
            heard.append(reserve(session, limit, key))
    return heard


def test_after_five_failures_an_account_is_locked_and_then_each_failure_locks_again(database: None) -> None:
    assert attempts(ACCOUNT, "7", 0, 1, 2, 3, 4) == [True] * 5
    assert attempts(ACCOUNT, "7", 4, 18) == [False, False]
    assert attempts(ACCOUNT, "7", 19, 20, 33, 34) == [True, False, False, True]
    assert attempts(ACCOUNT, "8", 4) == [True]


def test_a_day_later_everything_is_forgotten(database: None) -> None:
    attempts(ACCOUNT, "7", 0, 1, 2, 3, 4)
    assert attempts(ACCOUNT, "7", *[24 * 60] * 6) == [True] * 5 + [False]


def test_an_address_is_counted_by_quarters_of_an_hour(database: None) -> None:
    assert attempts(ADDRESS, "10.0.0.1", *[0] * 49, 16, *[17] * 48) == [True] * 98
    assert attempts(ADDRESS, "10.0.0.1", 18, 18, 32, 33) == [True, False, False, True]


def test_what_was_no_failure_is_taken_back_and_unblocks(database: None) -> None:
    attempts(SMALL, "a", 0, 0, 0)
    with frozen_at(NOON), identity_transaction() as session:
        assert blocked_until(session, SMALL, "a") == NOON + timedelta(minutes=15)
        give_back(session, SMALL, "a")
        assert blocked_until(session, SMALL, "a") is None
    assert attempts(SMALL, "a", 1, 1) == [True, False]


def test_a_success_wipes_the_slate(database: None) -> None:
    attempts(SMALL, "a", 0, 0, 0)
    with identity_transaction() as session:
        forget(session, SMALL, "a")
    assert attempts(SMALL, "a", 0, 0, 0, 0) == [True, True, True, False]


def test_only_what_counts_no_longer_is_removed(database: None) -> None:
    attempts(SMALL, "old", 0)
    attempts(SMALL, "still blocked", 0, 1, 30)
    attempts(SMALL, "new", 30)
    with frozen_at(NOON + timedelta(minutes=41)), identity_transaction() as session:
        forget_old(session, SMALL)
        kept = set(session.scalars(select(SignInThrottle.key).where(SignInThrottle.kind == SMALL.kind)))
    assert kept == {"still blocked", "new"}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pauses=st.lists(st.integers(0, 20), max_size=25))
def test_it_counts_as_one_would_by_hand(database: None, pauses: list[int]) -> None:
    key = str(next(_fresh_keys))
    minute, since, failures, free_at = 0, 0, 0, 0
    for pause in pauses:
        minute += pause
        expected = minute >= free_at
        if expected:
            if minute - since >= 40:
                failures = 0
            if failures == 0:
                since = minute
            failures += 1
            free_at = minute + 15 if failures >= 3 else 0
        assert attempts(SMALL, key, minute) == [expected]


def test_however_many_come_at_once_no_more_are_looked_at(own_database: TestServer) -> None:
    def attempt(_number: int) -> bool:
        with identity_transaction() as session:
            return reserve(session, ACCOUNT, "7")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == 5
