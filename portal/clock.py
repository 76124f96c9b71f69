"""The only source of the present time, so that tests can set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")

_fixed: ContextVar[datetime | None] = ContextVar("fixed_now", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def today() -> date:
    """The present calendar day in China, by which deadlines are counted."""
    return now().astimezone(CHINA).date()


@contextmanager
def frozen_at(instant: datetime) -> Iterator[None]:
    """Let `now()` answer `instant` (aware) within the block."""
    token = _fixed.set(instant)
    try:
        yield
    finally:
        _fixed.reset(token)
