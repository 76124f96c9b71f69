"""Reorganise the tree: describe, apply, undo until it is published, publish.

An application takes effect at once for every period that ends on its day or later, and on its day for who may see what.
It can be undone until it is published, which is a step of its own: a day that comes around publishes nothing, because
mistakes are found when the figures are first looked at.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.lifecycle import State
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.reorganisation_file import MOST_CHANGES, change_row
from portal.domain.reorganisations import Change, Names, Plan, ReorganisationState, listed, plan
from portal.domain.unit_file import read_units, write_units
from portal.domain.units import Placement
from portal.errors import Conflict, InvalidInput, ReorganisationRefused
from portal.models import Reorganisation, Submission, Unit
from portal.models import Succession as SuccessionRow
from portal.queries.placements import list_placements
from portal.queries.reorganisations import (
    changes_of,
    get_reorganisation,
    list_reorganisations,
    names_of,
    plan_of,
    unit_changes,
)
from portal.queries.rollups.entries import counting_at
from portal.services import events
from portal.services.collections import REASON_LENGTH
from portal.services.expecting import count_reorganised
from portal.services.newcomers import ask_again, ask_as_placed, ask_newcomers, ask_no_more, hold_unaccepted, let_off
from portal.services.trees import hold_trees, publish_trees
from portal.services.units import follow, replace_placements

BASIS_LENGTH = 1000


def begin(
    session: Session, actor: Actor, effective_on: date, basis: str, changes: Sequence[Change] = ()
) -> Reorganisation:
    """Begin a draft; of one that says the same already, nothing is begun, so that a second click does no more.

    Raises:
        NotPermitted: the actor reorganises nothing.
        InvalidInput: there is no legal basis, or too much of anything.
    """
    require(actor, Permission.REORGANISE, Subject(actor.place.path))
    hold_trees(session, exclusively=True)
    draft = Reorganisation(
        root_id=actor.place.root_id,
        unit_id=actor.place.id,
        unit_path=actor.place.path,
        before="",
        state=ReorganisationState.DRAFT,
        row_version=0,
    )
    _describe(draft, actor, effective_on, basis, changes)
    for each in list_reorganisations(session, actor):
        if each.unit_id == draft.unit_id and each.state == draft.state and _said(each) == _said(draft):
            return each
    row = _stored(session, draft)
    _record(session, actor, "reorganisation_described", row)
    return row


def describe(
    session: Session,
    actor: Actor,
    number: int,
    seen: int,
    *,
    effective_on: date,
    basis: str,
    changes: Sequence[Change],
) -> Reorganisation:
    """Let a draft say something else.

    Raises:
        NotFound: there is no such draft of the actor's unit.
        Conflict: it was changed since; `seen` is the row version that was looked at.
        InvalidInput: there is no legal basis, or too much of anything.
    """
    row = _held(session, actor, number, seen, ReorganisationState.DRAFT)
    _describe(row, actor, effective_on, basis, changes)
    _record(session, actor, "reorganisation_described", row)
    return row


def drop(session: Session, actor: Actor, number: int, seen: int) -> None:
    """Throw a draft away.

    Raises:
        NotFound: there is none.
        Conflict: it was changed since.
    """
    row = _held(session, actor, number, seen, ReorganisationState.DRAFT)
    _record(session, actor, "reorganisation_dropped", row)
    session.delete(row)


def apply(session: Session, actor: Actor, number: int, seen: int) -> Reorganisation:
    """Change the tree: placements, the trees that follow, stored roll-ups, and who is asked.

    Raises:
        NotFound: there is no such draft of the actor's unit.
        Conflict: it was changed since.
        ReorganisationRefused: with everything that stands in the way.
    """
    hold_trees(session, exclusively=True)
    row = _held(session, actor, number, seen, ReorganisationState.DRAFT)
    made = plan_of(session, actor, row)
    if made.problems:
        raise ReorganisationRefused([(each.words.zh, each.words.en) for each in made.problems])
    row.before = write_units(made.before, ())
    relevelled = hold_unaccepted(session, actor, _relevelled(made, row), row.effective_on)
    replace_placements(session, made.changed, made.after)
    follow(session, made.successions)
    publish_trees(session, row.effective_on)
    ask_as_placed(session, relevelled)
    ask_newcomers(session, actor, made.changed, row.effective_on)
    let_off(session, actor, _gone(made, row), row.effective_on, _reason(row))
    count_reorganised(session, actor.place.root_id, row.effective_on, [*made.before, *made.after])
    _enter(row, actor, ReorganisationState.APPLIED)
    _record(session, actor, "reorganisation_applied", row, made)
    return row


def undo(session: Session, actor: Actor, number: int, seen: int) -> Reorganisation:
    """Put the tree back as it was.

    Raises:
        NotFound: there is no such reorganisation of the actor's unit.
        Conflict: it is not applied, or published.
        ReorganisationRefused: its units were changed since by something else, or units that it made have begun to
            report.
    """
    hold_trees(session, exclusively=True)
    row = _held(session, actor, number, seen, ReorganisationState.APPLIED)
    before, _none = read_units(row.before)
    everyone = list_placements(session)
    names = names_of(session, actor, row, everyone)
    made = _made(everyone, row, before, names)
    new = made.changed - {each.code for each in before}
    _refuse_begun(session, actor, new, names)
    ids = {code: unit_id for unit_id, code in session.execute(select(Unit.id, Unit.code))}
    for each in made.successions:
        session.execute(
            delete(SuccessionRow).where(
                SuccessionRow.old_id == ids[each.old_code],
                SuccessionRow.new_id == ids[each.new_code],
                SuccessionRow.effective_on == each.effective_on,
            )
        )
    ask_no_more(session, actor, new)
    ask_again(session, actor, _gone(made, row), row.effective_on, _reason(row))
    relevelled = hold_unaccepted(session, actor, _relevelled(made, row), row.effective_on)
    replace_placements(session, made.changed, before)
    publish_trees(session, row.effective_on)
    ask_as_placed(session, relevelled)
    count_reorganised(session, actor.place.root_id, row.effective_on, [*made.before, *made.after])
    _enter(row, actor, ReorganisationState.UNDONE)
    _record(session, actor, "reorganisation_undone", row, made)
    return row


def publish(session: Session, actor: Actor, number: int, seen: int) -> Reorganisation:
    """Make it final: from then on it is undone only by another reorganisation.

    Raises:
        NotFound: there is no such reorganisation of the actor's unit.
        Conflict: it is not applied.
    """
    row = _held(session, actor, number, seen, ReorganisationState.APPLIED)
    _enter(row, actor, ReorganisationState.PUBLISHED)
    _record(session, actor, "reorganisation_published", row)
    return row


def _stored(session: Session, draft: Reorganisation) -> Reorganisation:
    """A draft under the next number. Drafts of others are out of sight, and have numbers too."""
    columns = [each.name for each in Reorganisation.__table__.columns if each.name != "number"]
    told = {name: getattr(draft, name) for name in columns}
    number = session.scalar(select(func.max(Reorganisation.number)).where(Reorganisation.root_id == draft.root_id)) or 0
    row: Reorganisation | None = None
    while row is None:
        number += 1
        query = insert(Reorganisation).values(number=number, **told).on_conflict_do_nothing()
        row = session.scalar(query.returning(Reorganisation))
    return row


def _said(row: Reorganisation) -> tuple[object, ...]:
    return row.effective_on, row.basis, row.changes


def _held(session: Session, actor: Actor, number: int, seen: int, state: ReorganisationState) -> Reorganisation:
    row = get_reorganisation(session, actor, number, for_update=True)
    if row.row_version != seen or row.state != state:
        raise Conflict("reorganisation", str(number))
    return row


def _describe(row: Reorganisation, actor: Actor, effective_on: date, basis: str, changes: Sequence[Change]) -> None:
    if len(changes) > MOST_CHANGES:
        raise InvalidInput("changes", "too_long")
    if not basis.strip() or len(basis) > BASIS_LENGTH:
        raise InvalidInput("basis", "too_long" if basis.strip() else "missing")
    row.effective_on, row.basis = effective_on, basis.strip()
    row.changes = [dict(change_row(change)) for change in changes]
    _enter(row, actor, ReorganisationState.DRAFT)


def _enter(row: Reorganisation, actor: Actor, state: ReorganisationState) -> None:
    row.state = state
    row.row_version += 1
    row.changed_by, row.changed_at = actor.name, clock.now()


def _made(found: Sequence[Placement], row: Reorganisation, old: Sequence[Placement], names: Names) -> Plan:
    """What the application made, planned once more from the placements it found."""
    known = {each.code for each in old}
    born: dict[str, date] = {}
    for each in found:
        born[each.code] = min(each.valid_from, born.get(each.code, each.valid_from))
    changes = changes_of(row)
    new = {change.code for change in changes if change.code not in known and born.get(change.code) == row.effective_on}
    base = [each for each in found if each.code not in known | new]
    made = plan([*base, *old], (), changes, row.effective_on, names)
    now = {each for each in found if each.code in made.changed}
    if made.problems or now != set(made.after):
        told = listed(sorted({each.code for each in now ^ set(made.after)}), names)
        raise ReorganisationRefused([(f"这些单位后来又有变动，不能撤回：{told.zh}", f"changed again since: {told.en}")])
    return made


def _gone(made: Plan, row: Reorganisation) -> list[str]:
    return [each.code for each in unit_changes(made, row) if each.after is None]


def _relevelled(made: Plan, row: Reorganisation) -> list[str]:
    """The units that live on at another level."""
    return [
        each.code
        for each in unit_changes(made, row)
        if each.before is not None and each.after is not None and each.before.level is not each.after.level
    ]


def _reason(row: Reorganisation) -> str:
    """Why units that are gone need not answer."""
    return f"区划调整 {row.number}：{row.basis}"[:REASON_LENGTH]


def _refuse_begun(session: Session, actor: Actor, new: frozenset[str], names: Names) -> None:
    begun = session.scalars(
        select(Unit.code)
        .join(Submission, Submission.unit_id == Unit.id)
        .where(Submission.root_id == actor.place.root_id, Unit.code.in_(new), Submission.state != State.ASSIGNED)
        .distinct()
        .order_by(Unit.code)
    ).all()
    if begun:
        told = listed(begun, names)
        raise ReorganisationRefused([(f"新单位已开始填报：{told.zh}", f"already reporting: {told.en}")])
    entered = counting_at(session, actor.place.root_id, new)
    if entered:
        told = listed(entered, names)
        raise ReorganisationRefused(
            [(f"新单位的汇总有冲抵或调整：{told.zh}", f"entries in the roll-ups of: {told.en}")]
        )


def _record(session: Session, actor: Actor, kind: str, row: Reorganisation, made: Plan | None = None) -> None:
    told: dict[str, object] = {
        "effective_on": row.effective_on,
        "basis": row.basis,
        "changes": [" ".join(filter(None, change.values())) for change in row.changes],
    }
    if made is not None:
        named = {each.code: each.name for each in (*made.after, *made.before)}
        told["changed_units"] = [f"{code} {name}" for code, name in sorted(named.items())]
    place = actor.place
    events.record(
        session, actor, kind, f"reorganisation-{row.number}", unit_code=place.code, root_id=place.root_id, after=told
    )
