"""Publish the trees that follow from the placements, and let periods, paths and stored roll-ups follow them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import uuid4

from sqlalchemy import Integer, Select, cast, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.trees import change_days, paths_on, problems_of_tree, tree_on
from portal.domain.units import Node, Placement
from portal.errors import InvalidInput
from portal.models import Membership, Period, Submission, Tree, Unit
from portal.models import Node as NodeRow
from portal.queries.placements import list_placements

Inner = dict[int, frozenset[tuple[int, bool]]]
"""The units whose roll-ups are stored, each with the units directly below it, and whether those are inner too."""


def publish_trees(session: Session, since: date | None = None) -> None:
    """Publish one tree for each day on which something changes, from `since` on; what was published is replaced.

    Every period then names the tree of its last day, and the roll-ups stored for it are computed again where the units
    below one are others than before.

    Raises:
        InvalidInput: a unit would hang nowhere on some day.
    """
    hold_trees(session, exclusively=True)
    everyone = list_placements(session)
    days = change_days(everyone)
    adrift = {code for day in days if since is None or day >= since for code in problems_of_tree(everyone, day)}
    if adrift:
        raise InvalidInput("parent_code", "no_such_parent", ", ".join(sorted(adrift)))
    ids = unit_ids(session)
    affected = select(Period).order_by(Period.code)
    if since is not None:
        affected = affected.where(Period.ends_on >= since)
    periods = session.scalars(affected).all()
    old = {tree_id: _stored_inner(session, tree_id) for tree_id in {period.tree_id for period in periods}}
    fresh = {day: tree_on(everyone, day) for day in days if since is None or day >= since}
    _lock_moving(session, everyone)
    _lock_roll_ups(session, periods)
    for day, nodes in fresh.items():
        _write(session, day, nodes, ids)
    before = {period.code: old[period.tree_id] for period in periods}
    _point(session, periods, days)
    session.execute(delete(NodeRow).where(NodeRow.tree_id.in_(_superseded(days))))
    session.execute(delete(Tree).where(Tree.id.in_(_superseded(days))))
    _follow_today(session, everyone)
    for period in periods:
        _refresh(session, period, before[period.code], _stored_inner(session, period.tree_id))


def enter_into_force(session: Session) -> bool:
    """Let the paths of units follow trees whose day has come; whether there were any."""
    hold_trees(session, exclusively=True)
    due = select(func.count()).select_from(Tree).where(Tree.effective_on <= clock.today(), ~Tree.in_force)
    if not session.scalar(due):
        return False
    _follow_today(session, list_placements(session))
    return True


def hold_trees(session: Session, *, exclusively: bool = False) -> None:
    """Let the trees stand still until the commit: held by whoever opens a period by them, or changes them."""
    lock = "pg_advisory_xact_lock" if exclusively else "pg_advisory_xact_lock_shared"
    session.execute(text(f"select {lock}(hashtextextended('trees', 0))"))


def unit_ids(session: Session) -> dict[str, int]:
    """The ids of all units by code."""
    return {code: unit_id for unit_id, code in session.execute(select(Unit.id, Unit.code))}


def _stored_inner(session: Session, tree_id: int) -> Inner:
    below: dict[int, set[tuple[int, bool]]] = defaultdict(set)
    inner: set[int] = set()
    rows = select(NodeRow.unit_id, NodeRow.parent_id, NodeRow.rgt > NodeRow.lft, NodeRow.depth)
    for unit_id, parent_id, has_children, depth in session.execute(rows.where(NodeRow.tree_id == tree_id)):
        if has_children and depth > 0:
            inner.add(unit_id)
        if parent_id is not None:
            below[parent_id].add((unit_id, has_children))
    return {unit_id: frozenset(below[unit_id]) for unit_id in inner}


def _lock_moving(session: Session, everyone: Sequence[Placement]) -> None:
    """Wait for whoever works on a submission of a unit that moves, before anybody has to wait for us."""
    moving = [unit_id for unit_id, _path, _depth in _moves(session, everyone)]
    if moving:
        rows = select(Submission.unit_id).where(Submission.unit_id.in_(moving)).order_by(Submission.unit_id)
        for top in _tops(session):
            session.execute(rows.where(Submission.root_id == top).with_for_update())


def _lock_roll_ups(session: Session, periods: Iterable[Period]) -> None:
    """Acceptances hold this lock shared from when they read the tree until they commit."""
    top = func.unnest(cast(_tops(session), ARRAY(Integer))).column_valued("top")
    for period in periods:
        session.execute(select(func.hold_tree(top, period.code)))


def _write(session: Session, day: date, nodes: Sequence[Node], ids: Mapping[str, int]) -> None:
    tree = session.scalar(select(Tree).where(Tree.effective_on == day))
    if tree is None:
        tree = Tree(effective_on=day, published_at=clock.now(), in_force=False, stamp=uuid4())
        session.add(tree)
        session.flush()
    session.execute(delete(NodeRow).where(NodeRow.tree_id == tree.id))
    rows = [
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
        for node in nodes
    ]
    if rows:
        session.execute(insert(NodeRow), rows)


def _point(session: Session, periods: Iterable[Period], days: Sequence[date]) -> None:
    """Let each period name the tree of its last day; one before all trees keeps to the first."""
    trees = {tree.effective_on: tree.id for tree in session.scalars(select(Tree))}
    for period in periods:
        period.tree_id = trees[max((day for day in days if day <= period.ends_on), default=days[0])]
    session.flush()


def _superseded(days: Sequence[date]) -> Select[int]:
    """Trees of days on which nothing changes any more."""
    return select(Tree.id).where(Tree.effective_on.not_in(days))


def _moves(session: Session, everyone: Sequence[Placement]) -> list[tuple[int, str, bool]]:
    """Units that are new, or whose path is another one today: id, path, and whether the depth differs."""
    paths = paths_on(everyone, clock.today())
    stored = session.execute(select(Unit.id, Unit.code, Unit.path, Unit.root_id).order_by(Unit.id)).all()
    return [
        (unit_id, paths[code], paths[code].count(".") != path.count("."))
        for unit_id, code, path, root_id in stored
        if code in paths and (paths[code] != path or not root_id)
    ]


def _follow_today(session: Session, everyone: Sequence[Placement]) -> None:
    """Let every unit's path and top unit follow today's tree.

    Tenant rows follow by foreign key; values have none, and follow the versions that they belong to.
    Who may read a figure is stored as a depth of the tree: it follows a unit that now stands higher or lower.
    """
    moves = _moves(session, everyone)
    ids = unit_ids(session)
    if moves:
        rows = [{"id": unit_id, "path": path, "root_id": ids[path.split(".")[0]]} for unit_id, path, _deeper in moves]
        session.execute(update(Unit), rows)
        # People follow by foreign key too, but for Citus, where they do not stand beside the units.
        elsewhere = (Membership.unit_id == Unit.id, Membership.unit_path != Unit.path)
        session.execute(update(Membership).where(*elsewhere).values(unit_path=Unit.path))
        _at_each_top(session, "follow_units", [unit_id for unit_id, _path, _deeper in moves])
    _at_each_top(session, "open_figures", [unit_id for unit_id, _path, depth_differs in moves if depth_differs])
    session.execute(update(Tree).values(in_force=Tree.effective_on <= clock.today(), stamp=uuid4()))


def _tops(session: Session) -> list[int]:
    """The ids of all top units; rows of units are locked and rewritten under one at a time."""
    return list(session.scalars(select(Unit.root_id).distinct().order_by(Unit.root_id)))


def _at_each_top(session: Session, function: str, units: Sequence[int]) -> None:
    """Call a function of the database about these units; their rows belong to whatever top unit they stood under."""
    top = func.unnest(cast(_tops(session), ARRAY(Integer))).column_valued("top")
    if units:
        session.execute(select(getattr(func, function)(top, cast(units, ARRAY(Integer)))))


def _refresh(session: Session, period: Period, before: Inner, after: Inner) -> None:
    """Compute the stored roll-ups again that are made of other units than before; all above them follow."""
    changed = {unit_id for unit_id, below in after.items() if before.get(unit_id) != below}
    gone = before.keys() - after.keys()
    if not changed and not gone:
        return
    roots: dict[int, list[int]] = defaultdict(list)
    for unit_id, root_id in session.execute(select(Unit.id, Unit.root_id).where(Unit.id.in_(changed | gone))):
        roots[root_id].append(unit_id)
    for root_id, units in sorted(roots.items()):
        session.execute(
            text("select drop_rollups(:root, :period), recompute_rollup(:root, :period, :units)"),
            {"root": root_id, "period": period.code, "units": [each for each in units if each in changed]},
        )
