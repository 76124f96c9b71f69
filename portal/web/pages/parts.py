"""Long lists on a page: the part of one that the address asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

Item = TypeVar("Item")

SIZES = (200, 1000)
"""Items that a part may have: the first many unless more are asked for, which takes longer."""


@dataclass(frozen=True)
class Part(Generic[Item]):
    """Some items of a list that is `of` long: those of page `number`, from 1 to `last`; `sizes` are on offer."""

    items: Sequence[Item]
    of: int
    number: int
    last: int
    size: int
    sizes: Sequence[int]


def shown_part(items: Sequence[Item]) -> Part[Item]:
    """The part that `page` and `size` of the address name; the last one if there are not so many."""
    size = request.args.get("size", type=int)
    size = size if size in SIZES else SIZES[0]
    last = max(-(-len(items) // size), 1)
    number = min(max(request.args.get("page", 1, type=int), 1), last)
    return Part(items[(number - 1) * size : number * size], len(items), number, last, size, SIZES)
