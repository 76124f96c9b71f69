"""Counts failures to sign in, in the database, so that all processes of the portal count together.

An attempt is counted as a failure before it is looked at, in a transaction of its own, and taken back when it was
none. So however many attempts come at once, no more of them are looked at than the limit allows.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.clock import now
from portal.domain.sign_in import Limit
from portal.models import SignInThrottle as Counter


def reserve(session: Session, limit: Limit, key: str) -> bool:
    """Count an attempt as a failure, in advance; False if it must not even be looked at."""
    present = now()
    blocked_until = present + limit.blocked_for
    first = insert(Counter).values(
        kind=limit.kind,
        key=key,
        failures=1,
        since=present,
        blocked_until=blocked_until if limit.failures <= 1 else None,
    )
    forgotten = Counter.since <= present - limit.remembered_for
    failures: ColumnElement[int] = case((forgotten, 1), else_=Counter.failures + 1)
    counted = first.on_conflict_do_update(
        index_elements=[Counter.kind, Counter.key],
        set_={
            "failures": failures,
            "since": case((forgotten, present), else_=Counter.since),
            "blocked_until": case((failures >= limit.failures, literal(blocked_until)), else_=None),
        },
        where=or_(Counter.blocked_until.is_(None), Counter.blocked_until <= present),
    ).returning(Counter.failures)
    return session.scalar(counted) is not None


def give_back(session: Session, limit: Limit, key: str) -> None:
    """The attempt was no failure: count it no longer."""
    session.execute(
        update(Counter)
        .where(*_named(limit, key), Counter.failures > 0)
        .values(
            failures=Counter.failures - 1,
            blocked_until=case((Counter.failures - 1 >= limit.failures, Counter.blocked_until), else_=None),
        )
    )


def forget(session: Session, limit: Limit, key: str) -> None:
    """Count from nothing again: after a success, or because an administrator unlocks."""
    session.execute(delete(Counter).where(*_named(limit, key)))


def blocked_until(session: Session, limit: Limit, key: str) -> datetime | None:
    """Until when attempts are refused, if they are."""
    return session.scalar(select(Counter.blocked_until).where(*_named(limit, key), Counter.blocked_until > now()))


def forget_old(session: Session, limit: Limit) -> None:
    """Remove what counts no longer."""
    present = now()
    session.execute(
        delete(Counter).where(
            Counter.kind == limit.kind,
            Counter.since <= present - limit.remembered_for,
            or_(Counter.blocked_until.is_(None), Counter.blocked_until <= present),
        )
    )


def _named(limit: Limit, key: str) -> tuple[ColumnElement[Any], ...]:
    return Counter.kind == limit.kind, Counter.key == key
