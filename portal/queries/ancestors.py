"""Units and all above them, in one tree."""

from collections.abc import Callable, Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Node

Targets = Callable[[int], Collection[int]]
"""From the unit of a row to the units whose total the row is a part of."""


def ancestors_in(session: Session, tree: int) -> dict[int, frozenset[int]]:
    """For each unit of a tree, itself and all above it."""
    above: dict[int | None, frozenset[int]] = {None: frozenset()}
    rows = session.execute(select(Node.unit_id, Node.parent_id).where(Node.tree_id == tree).order_by(Node.lft))
    for unit_id, parent_id in rows:
        above[unit_id] = above[parent_id] | {unit_id}
    return {unit_id: line for unit_id, line in above.items() if unit_id is not None}
