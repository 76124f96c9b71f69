"""Enter eliminations and adjustments of roll-ups (冲抵、调整), and withdraw them.

Reviewers and administrators of a unit do so, for it and for every unit below: a figure that is wrong is sent back, an
entry is for what no unit can put right by itself. A unit without units below has nothing to enter for itself. Once the
unit's own submission is locked, its roll-up stays as it is until that is reopened.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.event_kinds import ENTRY_MADE, ENTRY_WITHDRAWN
from portal.domain.forms import FormVersion, Indicator
from portal.domain.lifecycle import State
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.reasons import sound_reason
from portal.domain.rollup_entries import Entry, EntryKind, check_entry, check_total
from portal.domain.submissions import SubmissionKey
from portal.domain.values import exact_text
from portal.errors import Conflict, InvalidInput, InvalidMove, NotFound
from portal.models import RollUpEntry, Submission
from portal.queries.effective_forms import form_asking
from portal.queries.rollups.entries import last_number
from portal.queries.rollups.totals import roll_up
from portal.queries.units import UnitRow, get_unit
from portal.services import events
from portal.services.trees import hold_trees

REASON_LENGTH = 1000
_CLOSED = frozenset({State.LOCKED, State.PUBLISHED})


@dataclass(frozen=True)
class _Held:
    """Whose roll-up of what an entry is about."""

    unit: UnitRow
    period: Period
    form: FormVersion
    indicator: Indicator

    @property
    def series(self) -> dict[str, Any]:
        """What the key of its entries begins with."""
        return {
            "root_id": self.unit.root_id,
            "period_code": str(self.period),
            "unit_id": self.unit.id,
            "indicator": self.indicator.code,
        }


def enter(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    period: Period,
    indicator: str,
    entry: Entry,
    reason: str,
    seen: int,
) -> None:
    """Add an entry to the roll-up of a unit of the period's tree; `seen` is the number of the last one looked at.

    Raises:
        NotFound: the period's tree has no such unit, or no form was sent down for the period with such an indicator.
        NotPermitted: the actor decides nothing for the unit.
        InvalidInput: the entry is not sound, leads below what the form admits, or has no reason; or a unit without
            units below enters something for itself.
        InvalidMove: the unit's own submission is locked.
        Conflict: somebody else entered or withdrew something since.
    """
    held = _hold(session, actor, unit, period, indicator)
    if not held.unit.has_children and held.unit.path == actor.place.path:
        raise InvalidInput("unit", "own_figure", unit)
    check_entry(held.indicator, entry, inner=held.unit.has_children)
    (before,) = roll_up(session, actor, unit=unit, period=period, indicators=[indicator])
    check_total(held.indicator, before.total + entry.total)
    why = sound_reason(reason, REASON_LENGTH)
    number = _next(session, held, seen)
    _add(session, actor, held, entry, why, number)
    _record(session, actor, ENTRY_MADE, held, entry, number, why)


def withdraw(
    session: Session, actor: Actor, *, unit: str, period: Period, indicator: str, number: int, reason: str, seen: int
) -> None:
    """Let an entry not count any more; `seen` is the number of the last one looked at.

    Raises:
        NotFound: there is no such entry.
        NotPermitted: the actor decides nothing for the unit.
        InvalidInput: there is no reason.
        InvalidMove: the unit's own submission is locked.
        Conflict: it is withdrawn already, or somebody else entered or withdrew something since.
    """
    held = _hold(session, actor, unit, period, indicator)
    why = sound_reason(reason, REASON_LENGTH)
    row = session.get(RollUpEntry, held.series | {"number": number})
    if row is None or row.withdraws is not None:
        raise NotFound("rollup_entry", number)
    entry = Entry(EntryKind(row.kind), row.amount)
    opposite = replace(entry, amount=-entry.amount)
    _add(session, actor, held, opposite, why, _next(session, held, seen), withdraws=number)
    _record(session, actor, ENTRY_WITHDRAWN, held, entry, number, why)


def _hold(session: Session, actor: Actor, code: str, period: Period, indicator: str) -> _Held:
    """Let the tree and the unit's own submission stand still until the commit."""
    hold_trees(session)
    unit = get_unit(session, code, period=period)
    require(actor, Permission.ADJUST_ROLLUPS, Subject(unit.path))
    form = form_asking(session, unit, period, indicator)
    query = select(Submission.state).where(
        Submission.root_id == unit.root_id,
        Submission.period_code == str(period),
        Submission.form_code == form.code,
        Submission.unit_id == unit.id,
    )
    state = session.scalar(query.with_for_update())
    if state in _CLOSED:
        raise InvalidMove("adjust", state)
    return _Held(unit, period, form, form.indicator(indicator))


def _next(session: Session, held: _Held, seen: int) -> int:
    """The number of the next entry. Two who ask at once get the same, and the key lets one of them enter.

    Raises:
        Conflict: there are others than were seen.
    """
    if last_number(session, held.unit, held.period, held.indicator) != seen:
        raise Conflict("rollup_entry", held.indicator.code)
    return seen + 1


def _add(
    session: Session, actor: Actor, held: _Held, entry: Entry, reason: str, number: int, *, withdraws: int | None = None
) -> None:
    session.execute(
        insert(RollUpEntry).values(
            **held.series,
            number=number,
            form_code=held.form.code,
            kind=entry.kind,
            amount=entry.amount,
            reason=reason,
            withdraws=withdraws,
            entered_by_id=actor.user_id,
            entered_by=actor.name,
            entered_at=clock.now(),
            unit_path=held.unit.path,
        )
    )


def _record(session: Session, actor: Actor, kind: str, held: _Held, entry: Entry, number: int, reason: str) -> None:
    """The event names the entry in full, so that those that count can be told from the events alone."""
    said = {
        "indicator": held.indicator.code,
        "entry": str(entry.kind),
        "amount": exact_text(entry.amount),
        "entry_number": number,
        "reason": reason,
    }
    subject = str(SubmissionKey(held.unit.code, held.period, held.form.code))
    events.record(session, actor, kind, subject, unit_code=held.unit.code, root_id=held.unit.root_id, after=said)
