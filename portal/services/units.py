"""Take units and their placements into the portal, and publish the trees that follow from them."""

from collections.abc import Mapping, Sequence
from datetime import date

from psycopg.types.range import DateRange
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from portal import clock, db
from portal.domain.trees import change_days, problems_of_tree, tree_on
from portal.domain.units import Level, Placement, Succession
from portal.errors import InvalidInput
from portal.models import Node, Tree, Unit
from portal.models import Placement as PlacementRow
from portal.models import Succession as SuccessionRow
from portal.services import events


def import_units(session: Session, placements: Sequence[Placement], successions: Sequence[Succession]) -> int:
    """Add or replace the placements of the units named, and publish the trees; gives the number of units.

    Units that the sequence does not name stay as they are.

    Raises:
        InvalidInput: a unit would hang nowhere on some day, or follows a unit that does not exist.
    """
    before = _described(session)
    ids = _identities(session, placements)
    named = {placement.code for placement in placements}
    session.execute(delete(PlacementRow).where(PlacementRow.unit_id.in_([ids[code] for code in named])))
    rows = [_placement_row(placement, ids) for placement in placements]
    if rows:
        session.execute(insert(PlacementRow), rows)
    _follow(session, successions, ids)
    publish_trees(session)
    _record(session, before, _described(session), [f"{each.old_code} → {each.new_code}" for each in successions])
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


def _described(session: Session) -> dict[str, str]:
    """Every unit's placements, as the record tells them."""
    codes = {unit_id: code for code, unit_id in _codes(session).items()}
    told: dict[str, list[str]] = {}
    for row in session.scalars(select(PlacementRow).order_by(PlacementRow.unit_id, PlacementRow.valid)):
        each = _placement(row, codes)
        days = f"{each.valid_from}–{each.valid_to or ''}"
        told.setdefault(each.code, []).append(f"{each.name} ({each.level}) ← {each.parent_code or '—'} {days}")
    return {code: "; ".join(lines) for code, lines in told.items()}


def _record(session: Session, before: Mapping[str, str], after: Mapping[str, str], successions: Sequence[str]) -> None:
    """An event in the portal's chain, and one in that of each top unit that something changed under."""
    changed = [code for code in sorted(before.keys() | after.keys()) if before.get(code) != after.get(code)]
    if not changed:
        return
    count = {"units": len(changed)} | ({"successions": "; ".join(successions)} if successions else {})
    events.record_for_portal(session, None, "units_imported", "units", after=count)
    # The events belong to every tree that is touched, and who takes units in acts for none of them.
    db.open_accounts(session.connection())
    codes_of = {unit_id: code for code, unit_id in _codes(session).items()}
    under: dict[int, list[str]] = {}
    for code, root_id in session.execute(select(Unit.code, Unit.root_id).where(Unit.code.in_(changed))):
        under.setdefault(root_id, []).append(code)
    for root_id, codes in under.items():
        events.record_by(
            session,
            events.PORTAL,
            "units_imported",
            "units",
            codes_of[root_id],
            root_id,
            before={code: before[code] for code in sorted(codes) if code in before},
            after={code: after[code] for code in sorted(codes) if code in after},
        )


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

    Who may read a figure is stored as a depth of the tree: it follows a unit that now stands higher or lower. A
    dissolved unit keeps the path it had, because its rows stay where they were readable.
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
    depths = {unit_id: path.count(".") for unit_id, path in session.execute(select(Unit.id, Unit.path))}
    if rows:
        session.execute(update(Unit), rows)
    moved = [unit_id for unit_id, path in paths.items() if path.count(".") != depths[unit_id]]
    if moved:
        session.execute(text("select open_figures(:units)"), {"units": moved})
