"""Arrays as parameters of statements: sent as one text, because the driver takes long over the elements of a list."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, Text, bindparam, cast, func

from portal.db import LTree

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
