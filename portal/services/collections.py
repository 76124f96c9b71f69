"""Send a form down for a period: from then on every unit below is expected to answer."""

from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import State
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.models import Collection, Submission
from portal.models import FormVersion as FormVersionRow
from portal.models import Period as PeriodRow
from portal.queries.units import UnitRow, list_units, tree_of
from portal.services import events


def ensure_period(session: Session, period: Period) -> PeriodRow:
    """The period's row; a new one names the tree that stands on its last day."""
    row = session.get(PeriodRow, str(period))
    if row is None:
        row = PeriodRow(
            code=str(period),
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            tree_id=tree_of(session, period),
        )
        session.add(row)
        session.flush()
    return row


def send_down(
    session: Session,
    actor: Actor,
    form: FormVersion,
    period: Period,
    *,
    opens_on: date,
    due_on: date,
    demo: bool = False,
) -> list[UnitRow]:
    """Open a collection for the actor's unit and all below it whose level the form addresses; gives those units.

    Raises:
        Duplicate: the form was sent down for that period already.
    """
    ensure_period(session, period)
    version_id = session.scalars(
        select(FormVersionRow.id).where(FormVersionRow.form_code == form.code, FormVersionRow.number == form.number)
    ).one()
    place = actor.place
    collection = Collection(
        root_id=place.root_id,
        period_code=str(period),
        form_code=form.code,
        form_version_id=version_id,
        sender_id=place.id,
        sender_path=place.path,
        opens_on=opens_on,
        due_on=due_on,
        created_at=clock.now(),
    )
    session.add(collection)
    session.flush()
    units = [unit for unit in list_units(session, under=place.code, period=period) if unit.level in form.levels]
    if units:
        session.execute(insert(Submission), [_assigned(collection, unit, form, demo=demo) for unit in units])
    events.record(
        session,
        actor,
        "collection_sent_down",
        f"{form.code}-{period}",
        unit_code=place.code,
        root_id=place.root_id,
        after={"form_version": form.number, "due_on": due_on, "units": len(units)},
    )
    return units


def _assigned(collection: Collection, unit: UnitRow, form: FormVersion, *, demo: bool) -> dict[str, object]:
    return {
        "root_id": collection.root_id,
        "period_code": collection.period_code,
        "form_code": collection.form_code,
        "unit_id": unit.id,
        "unit_path": unit.path,
        "level": unit.level,
        "state": State.ASSIGNED,
        "version_number": 1,
        "due_on": collection.due_on,
        "exempt_reason": None,
        "answered": 0,
        "expected_answers": len(form.typed_at(unit.level)),
        "returned_reason": None,
        "submitted_at": None,
        "accepted_at": None,
        "last_activity_at": None,
        "demo": demo,
        "row_version": 1,
    }
