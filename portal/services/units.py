"""Take units and their placements into the portal, and publish the trees that follow from them."""

from collections.abc import Sequence
from datetime import date

from psycopg.types.range import DateRange
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.trees import change_days, problems_of_tree, tree_on
from portal.domain.units import Level, Placement, Succession
from portal.errors import InvalidInput
from portal.models import Node, Tree, Unit
from portal.models import Placement as PlacementRow
from portal.models import Succession as SuccessionRow


def import_units(session: Session, placements: Sequence[Placement], successions: Sequence[Succession]) -> int:
    """Add or replace the placements of the units named, and publish the trees; gives the number of units.

    Units that the sequence does not name stay as they are.

    Raises:
        InvalidInput: a unit would hang nowhere on some day, or follows a unit that does not exist.
    """
    ids = _identities(session, placements)
    named = {placement.code for placement in placements}
    session.execute(delete(PlacementRow).where(PlacementRow.unit_id.in_([ids[code] for code in named])))
    rows = [_placement_row(placement, ids) for placement in placements]
    if rows:
        session.execute(insert(PlacementRow), rows)
    _follow(session, successions, ids)
    publish_trees(session)
    return len(named)


def publish_trees(session: Session) -> None:
    """Publish one tree for each day on which something changed; earlier snapshots of the same days are replaced."""
    codes = {unit_id: code for code, unit_id in _codes(session).items()}
    everyone = [_placement(row, codes) for row in session.scalars(select(PlacementRow))]
    days = change_days(everyone)
    for day in days:
        adrift = problems_of_tree(everyone, day)
        if adrift:
            raise InvalidInput("parent_code", "no_such_parent", ", ".join(adrift))
    for day in days:
        _publish(session, everyone, day)
    _rewrite_paths(session)


def _identities(session: Session, placements: Sequence[Placement]) -> dict[str, int]:
    ids = _codes(session)
    new = sorted({placement.code for placement in placements} - ids.keys())
    if new:
        # The path is filled in when the tree is published; until then a unit stands for itself.
        session.execute(insert(Unit), [{"code": code, "path": code, "root_id": 0} for code in new])
        ids = _codes(session)
    return ids


def _codes(session: Session) -> dict[str, int]:
    return {code: unit_id for unit_id, code in session.execute(select(Unit.id, Unit.code))}


def _placement_row(placement: Placement, ids: dict[str, int]) -> dict[str, object]:
    if placement.parent_code and placement.parent_code not in ids:
        raise InvalidInput("parent_code", "no_such_parent", placement.parent_code)
    return {
        "unit_id": ids[placement.code],
        "parent_id": ids.get(placement.parent_code),
        "name": placement.name,
        "name_en": placement.name_en,
        "level": placement.level,
        "valid": DateRange(placement.valid_from, placement.valid_to),
    }


def _placement(row: PlacementRow, codes: dict[int, str]) -> Placement:
    parent = codes[row.parent_id] if row.parent_id is not None else ""
    from_day = row.valid.lower or date.min
    return Placement(codes[row.unit_id], parent, row.name, row.name_en, Level(row.level), from_day, row.valid.upper)


def _follow(session: Session, successions: Sequence[Succession], ids: dict[str, int]) -> None:
    known = {(row.old_id, row.new_id, row.effective_on): row for row in session.scalars(select(SuccessionRow))}
    for each in successions:
        if each.old_code not in ids:
            raise InvalidInput("succeeds", "no_such_unit", each.old_code)
        key = (ids[each.old_code], ids[each.new_code], each.effective_on)
        if key not in known:
            session.add(SuccessionRow(old_id=key[0], new_id=key[1], effective_on=key[2], kind=each.kind))
    session.flush()


def _publish(session: Session, placements: Sequence[Placement], day: date) -> None:
    ids = _codes(session)
    tree = session.scalar(select(Tree).where(Tree.effective_on == day))
    if tree is None:
        tree = Tree(effective_on=day, published_at=clock.now())
        session.add(tree)
        session.flush()
    nodes = [
        {
            "tree_id": tree.id,
            "unit_id": ids[node.code],
            "parent_id": ids.get(node.parent_code),
            "name": node.name,
            "name_en": node.name_en,
            "level": node.level,
            "lft": node.lft,
            "rgt": node.rgt,
            "depth": node.depth,
        }
        for node in tree_on(placements, day)
    ]
    session.execute(delete(Node).where(Node.tree_id == tree.id))
    if nodes:
        session.execute(insert(Node), nodes)


def _rewrite_paths(session: Session) -> None:
    """Let every living unit's path and top unit follow today's tree; tenant rows follow by foreign key.

    A dissolved unit keeps the path it had, because its rows stay where they were readable.
    """
    trees = select(Tree.id).where(Tree.effective_on <= clock.today()).order_by(Tree.effective_on)
    paths: dict[int, str] = {}
    for tree_id in session.scalars(trees):
        above: dict[int | None, str] = {None: ""}
        for unit_id, code, parent_id in session.execute(
            select(Unit.id, Unit.code, Node.parent_id)
            .join(Node, Node.unit_id == Unit.id)
            .where(Node.tree_id == tree_id)
            .order_by(Node.lft)
        ):
            above[unit_id] = f"{above[parent_id]}.{code}".removeprefix(".")
        paths.update({unit_id: path for unit_id, path in above.items() if unit_id is not None})
    ids = _codes(session)
    rows = [{"id": unit_id, "path": path, "root_id": ids[path.split(".")[0]]} for unit_id, path in paths.items()]
    if rows:
        session.execute(update(Unit), rows)
