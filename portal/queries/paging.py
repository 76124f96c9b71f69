"""Long lists in pages."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

Item = TypeVar("Item")

LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Page(Generic[Item]):
    """A part of a list, and how long the whole list is."""

    items: list[Item]
    count: int


@dataclass(frozen=True)
class PageOf:
    """Which part is wanted: page `number` (from 1) of pages with `size` items."""

    number: int = 1
    size: int = 100

    @property
    def first(self) -> int:
        """How many items come before it."""
        return (self.number - 1) * self.size


def read_page(session: Session, query: Select[*tuple[Any, ...]], wanted: PageOf) -> Page[Row[*tuple[Any, ...]]]:
    """The rows of one page of an ordered query, and how many there are in all."""
    count = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    part = query.limit(wanted.size).offset(wanted.first)
    return Page(list(session.execute(part)), count)
