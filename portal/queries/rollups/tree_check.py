"""The trees of periods as they follow from the placements; what was published is held against them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from portal.domain.periods import Period
from portal.domain.trees import change_days, tree_on
from portal.domain.units import Node, Placement
from portal.models import Node as NodeRow
from portal.models import Period as PeriodRow
from portal.models import Unit
from portal.queries.placements import list_placements

Lines = Mapping[int, Sequence[int]]
"""By unit id the ids of the way from the top unit down to it, itself included."""

Place = tuple[int, str]
"""A unit's id, and where it stands: superior, level, and its numbers in the preorder of the tree."""


@dataclass(frozen=True)
class Trees:
    """All placements, and the trees that follow from them.

    Attributes:
        since: the day of the first tree.
        ids: of every unit by code.
        own: the codes of the units below one top unit today, itself included.
    """

    placements: Sequence[Placement]
    since: date
    ids: Mapping[str, int]
    own: frozenset[str]

    def nodes(self, period: Period) -> list[Node]:
        """The tree of a period's last day; before all trees it is the first."""
        return tree_on(self.placements, max(period.ends_on, self.since))

    def lines(self, nodes: Iterable[Node]) -> Lines:
        """The way to each unit in a tree."""
        lines: dict[int, list[int]] = {}
        for node in nodes:
            above = lines[self.ids[node.parent_code]] if node.parent_code else []
            lines[self.ids[node.code]] = [*above, self.ids[node.code]]
        return lines

    def places(self, nodes: Iterable[Node]) -> set[Place]:
        """Where the units of `own` stand in a tree."""
        return self._places((each.code, each.parent_code, each.level, each.lft, each.rgt) for each in nodes)

    def published_places(self, session: Session, period: Period) -> set[Place]:
        """The same in the tree that was published for a period."""
        superior = aliased(Unit)
        query = (
            select(Unit.code, func.coalesce(superior.code, ""), NodeRow.level, NodeRow.lft, NodeRow.rgt)
            .join(NodeRow, NodeRow.unit_id == Unit.id)
            .join(PeriodRow, PeriodRow.tree_id == NodeRow.tree_id)
            .outerjoin(superior, superior.id == NodeRow.parent_id)
            .where(PeriodRow.code == str(period))
        )
        return self._places(session.execute(query).all())

    def _places(self, nodes: Iterable[tuple[str, str, str, int, int]]) -> set[Place]:
        return {
            (self.ids[code], f"{superior or '—'} {level} {lft}–{rgt}")
            for code, superior, level, lft, rgt in nodes
            if code in self.own
        }


def read_trees(session: Session, root_id: int) -> Trees:
    """The trees, of which the units below a top unit are looked at."""
    units = session.execute(select(Unit.id, Unit.code, Unit.root_id)).all()
    own = frozenset(code for _id, code, root in units if root == root_id)
    placements = list_placements(session)
    return Trees(placements, change_days(placements)[0], {code: unit_id for unit_id, code, _root in units}, own)
