"""Take units and their placements into the portal, and publish the trees that follow from them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg.types.range import DateRange
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, aliased

from portal import clock, db
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.trees import change_days, tops_on
from portal.domain.unit_file import crossing_lines, divided_lines
from portal.domain.units import Level, Placement, Succession
from portal.errors import InvalidInput, UnitsInvalid
from portal.models import Placement as PlacementRow
from portal.models import Submission, Unit
from portal.models import Succession as SuccessionRow
from portal.queries.people import portal_actor
from portal.queries.placements import list_placements
from portal.services import events
from portal.services.expecting import count_all_expected
from portal.services.newcomers import ask_as_placed, ask_newcomers, hold_unaccepted, let_off
from portal.services.trees import hold_trees, publish_trees, unit_ids


@dataclass(frozen=True)
class Imported:
    """What came of a units file.

    Attributes:
        units: how many it names.
        asked: what units that are new are asked, because it is still being collected.
        let_off: how many answers units that have left the tree, and had not handed them in, owe no more.
    """

    units: int
    asked: Sequence[SubmissionKey]
    let_off: int


def import_units(session: Session, placements: Sequence[Placement], successions: Sequence[Succession]) -> Imported:
    """Add or replace the placements of the units named, and publish the trees.

    Units that the sequence does not name stay as they are. What a unit is asked follows the level that it has now; what
    it got accepted stays. Units that are new are asked what is not yet past its deadline: a file may tell of units that
    stood for years.

    Raises:
        UnitsInvalid: districts would stand below a city without districts, or units that were asked for answers below
            another top unit, to whose tenant their answers do not belong; the lines are named that say so.
        InvalidInput: a unit would hang nowhere on some day, or follows a unit that does not exist.
    """
    hold_trees(session, exclusively=True)
    named = {placement.code for placement in placements}
    stood = list_placements(session)
    everyone = [*(each for each in stood if each.code not in named), *placements]
    problems = divided_lines(everyone, placements) or _crossing_lines(session, everyone, placements)
    if problems:
        raise UnitsInvalid(problems)
    relevelled = _relevelled(stood, placements)
    before = _described(session)
    for actor in _in_each_tree(session, relevelled):
        hold_unaccepted(session, actor, relevelled, date.min)
    replace_placements(session, named, placements)
    follow(session, successions)
    publish_trees(session)
    for actor in _in_each_tree(session, relevelled):
        ask_as_placed(session, hold_unaccepted(session, actor, relevelled, date.min))
    new, gone = named - {each.code for each in stood}, _gone(stood, placements)
    asked = [
        key
        for actor in _in_each_tree(session, new)
        for key in ask_newcomers(session, actor, new, date.min, due_from=clock.today())
    ]
    owed_no_more = sum(
        let_off(session, actor, [code], day, f"自 {day} 起撤销（单位文件）")
        for actor in _in_each_tree(session, gone)
        for code, day in gone.items()
    )
    count_all_expected(session)
    _record(session, before, _described(session), [f"{each.old_code} → {each.new_code}" for each in successions])
    return Imported(len(named), asked, owed_no_more)


def _crossing_lines(
    session: Session, everyone: Sequence[Placement], placements: Sequence[Placement]
) -> list[tuple[str, str]]:
    """The lines by which units that were asked for answers would come below another top unit, today or later."""
    today, top = clock.today(), aliased(Unit)
    stood = dict(session.execute(select(Unit.code, top.code).join(top, top.id == Unit.root_id)).all())
    days = [today, *(day for day in change_days(everyone) if day > today)]
    crossing = {code for day in days for code, of in tops_on(everyone, day).items() if stood.get(code, of) != of}
    of_crossing = select(Unit.code).join(Submission, Submission.unit_id == Unit.id).where(Unit.code.in_(crossing))
    asked = [
        code
        for actor in _in_each_tree(session, crossing)
        for code in session.scalars(of_crossing.where(Submission.root_id == actor.place.root_id).distinct())
    ]
    return crossing_lines(placements, crossing, asked) if asked else []


def replace_placements(session: Session, codes: Collection[str], placements: Sequence[Placement]) -> None:
    """Let these be all placements of the units of these codes; units that are new get their identity."""
    ids = _identities(session, placements)
    gone = [ids[code] for code in codes if code in ids]
    session.execute(delete(PlacementRow).where(PlacementRow.unit_id.in_(gone)))
    rows = [_placement_row(placement, ids) for placement in placements]
    if rows:
        session.execute(insert(PlacementRow), rows)


def follow(session: Session, successions: Sequence[Succession]) -> None:
    """Add successions, as far as they are not known.

    Raises:
        InvalidInput: one follows a unit that does not exist.
    """
    ids = unit_ids(session)
    known = {(row.old_id, row.new_id, row.effective_on) for row in session.scalars(select(SuccessionRow))}
    for each in successions:
        if each.old_code not in ids:
            raise InvalidInput("succeeds", "no_such_unit", each.old_code)
        key = (ids[each.old_code], ids[each.new_code], each.effective_on)
        if key not in known:
            session.add(SuccessionRow(old_id=key[0], new_id=key[1], effective_on=key[2], kind=each.kind))
    session.flush()


def _relevelled(stood: Sequence[Placement], placements: Sequence[Placement]) -> set[str]:
    """The units known so far whose level may be another on some day."""
    known, named = {each.code for each in stood}, {each.code for each in placements}
    before, after = (
        {(each.code, each.level, each.valid_from, each.valid_to) for each in several if each.code in named}
        for several in (stood, placements)
    )
    return {code for code, *_span in before ^ after} & known


def _gone(stood: Sequence[Placement], placements: Sequence[Placement]) -> dict[str, date]:
    """The units that end for good by these placements and did not before, with the day."""
    endless = {each.code for each in stood if each.valid_to is None}
    last = {each.code: each.valid_to for each in sorted(placements, key=lambda each: each.valid_from)}
    return {code: day for code, day in last.items() if day is not None and code in endless}


def _in_each_tree(session: Session, codes: Collection[str]) -> Iterator[Actor]:
    """The portal within each top unit that some of these units stand below; after the last it sees no rows again."""
    tops = select(Unit.root_id).where(Unit.code.in_(codes)).distinct()
    for code in session.scalars(select(Unit.code).where(Unit.id.in_(tops)).order_by(Unit.id)).all():
        actor = portal_actor(session, code)
        db.set_scope(session, actor)
        yield actor
    db.set_scope(session, None)


def _identities(session: Session, placements: Sequence[Placement]) -> dict[str, int]:
    ids = unit_ids(session)
    new = sorted({placement.code for placement in placements} - ids.keys())
    if new:
        # The path is filled in when the tree is published; until then a unit stands for itself.
        session.execute(insert(Unit), [{"code": code, "path": code, "root_id": 0} for code in new])
        ids = unit_ids(session)
    return ids


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
    codes = {unit_id: code for code, unit_id in unit_ids(session).items()}
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
    codes_of = {unit_id: code for code, unit_id in unit_ids(session).items()}
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
