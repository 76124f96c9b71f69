"""Arrays as parameters of statements, and columns of many rows: sent as one text.

The driver takes long over the elements of a list, and over the cells of a row.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import repeat
from typing import Any, TypeVar
from typing import cast as typed

from sqlalchemy import ARRAY, ColumnElement, Integer, Text, bindparam, cast, func

from portal.db import LTree

Made = TypeVar("Made", bound=tuple[Any, ...])

NEXT = "\x1f"
"""Stands in no code and in no answer."""


def joined(values: Iterable[str]) -> str:
    """What to give for an array."""
    return NEXT.join(values)


def texts(name: str) -> ColumnElement[Any]:
    """The array of texts that is given `joined` as this parameter, or NULL."""
    return func.string_to_array(bindparam(name, type_=Text()), NEXT, type_=ARRAY(Text))


def paths(name: str) -> ColumnElement[Any]:
    """The same of paths of units."""
    return cast(texts(name), ARRAY(LTree))


def integers(name: str) -> ColumnElement[Any]:
    """The same of whole numbers."""
    return cast(texts(name), ARRAY(Integer))


def numbers(column: str) -> Iterable[Decimal | None]:
    """What a column of numbers that came `joined` says, None where a row has none; endless where no row has one."""
    if not column.strip(NEXT):
        return repeat(None)
    found = column.split(NEXT)
    if "" not in found:
        return map(Decimal, found)
    return (Decimal(each) if each else None for each in found)


def made(kind: type[Made], *columns: Iterable[object]) -> Iterator[Made]:
    """Named tuples of a kind from the columns of all its fields; some may be endless. Twice as fast as one by one."""
    return typed("Iterator[Made]", map(tuple.__new__, repeat(kind), zip(*columns, strict=False)))
