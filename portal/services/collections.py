"""Send a form down for a period: from then on every unit below is expected to answer."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.collections import STRICTEST, CollectionKey, CollectionSettings
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import SIGN_OFFS, State
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.reasons import sound_reason
from portal.errors import InvalidInput
from portal.models import Collection, Submission
from portal.models import FormVersion as FormVersionRow
from portal.models import Period as PeriodRow
from portal.queries.forms import version
from portal.queries.units import UnitRow, list_units, tree_of
from portal.services import events
from portal.services.expecting import count_expected
from portal.services.joining import extended_at, join_published, joined_record
from portal.services.trees import hold_trees

REASON_LENGTH = 500


def ensure_period(session: Session, period: Period) -> PeriodRow:
    """The period's row; a new one names the tree that stands on its last day."""
    hold_trees(session)
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
    settings: CollectionSettings = STRICTEST,
    exempt: Mapping[str, str] | None = None,
    demo: bool = False,
) -> list[UnitRow]:
    """Open a collection for the actor's unit and all below it whose level the form addresses; gives those units.

    Args:
        session: the transaction.
        actor: who sends it down.
        form: the version to be answered.
        period: what it is answered for.
        opens_on: first day.
        due_on: last day.
        settings: who sees and who signs the answers.
        exempt: why a unit need not answer, by its code.
        demo: its answers are made up.

    Raises:
        NotPermitted: the actor does not send down for the unit.
        Duplicate: the form was sent down for that period already.
        InvalidInput: the days, the period or an exemption make no sense; or another form that was sent down for the
            period asks for one of the indicators.
    """
    place = actor.place
    require(actor, Permission.SEND_DOWN, Subject(place.path))
    if period.kind is not form.period_kind:
        raise InvalidInput("period", "wrong_kind", period)
    if due_on < opens_on:
        raise InvalidInput("due_on", "before_opening", due_on)
    ensure_period(session, period)
    _require_own_codes(session, actor, form, period)
    collection = _collection(session, actor, form, period, opens_on, due_on, settings)
    units = _asked(session, actor, form, period)
    reasons = _exemptions(units, exempt or {})
    joined = join_published(session, collection, form)
    if units:
        asked = [(unit, extended_at(form, joined, unit.path)) for unit in units]
        rows = [assigned(collection, unit, its_form, reasons.get(unit.code), demo=demo) for unit, its_form in asked]
        session.execute(insert(Submission), rows)
        count_expected(session, place.root_id, str(period))
    events.record(
        session,
        actor,
        "collection_sent_down",
        str(CollectionKey(form.code, period)),
        unit_code=place.code,
        root_id=place.root_id,
        after={"form_version": form.number, "opens_on": opens_on, "due_on": due_on, "units": len(units)}
        | settings_record(settings)
        | ({"exempt": reasons} if reasons else {})
        | joined_record(joined),
    )
    return units


def _asked(session: Session, actor: Actor, form: FormVersion, period: Period) -> list[UnitRow]:
    """Who is to answer; not what stands below another top unit by now, which is out of the actor's reach."""
    place = actor.place
    found = list_units(session, under=place.code, period=period)
    return [unit for unit in found if unit.level in form.levels and unit.root_id == place.root_id]


def hold_settings(session: Session, key: CollectionKey, *, exclusively: bool = False) -> None:
    """Let the settings of a collection stand still until the commit: held by whoever acts on them, or changes them.

    To be called before any row is locked, so that nobody waits in a circle.
    """
    lock = "pg_advisory_xact_lock" if exclusively else "pg_advisory_xact_lock_shared"
    session.execute(text(f"select {lock}(hashtextextended(:name, 0))"), {"name": f"collection {key}"})


def settings_record(settings: CollectionSettings) -> dict[str, object]:
    """The settings as an event tells them."""
    return {
        "skip_level": settings.skip_level,
        "names_siblings": settings.names_siblings,
        "one_person": settings.one_person,
        "entered_above": settings.entered_above,
        "sign_offs": sign_off_list(settings),
    }


def sign_off_list(settings: CollectionSettings) -> list[str]:
    """The demanded sign-offs in their order."""
    return [str(step) for step in SIGN_OFFS if step in settings.sign_offs]


def _collection(
    session: Session,
    actor: Actor,
    form: FormVersion,
    period: Period,
    opens_on: date,
    due_on: date,
    settings: CollectionSettings,
) -> Collection:
    version_id = session.scalars(
        select(FormVersionRow.id).where(FormVersionRow.form_code == form.code, FormVersionRow.number == form.number)
    ).one()
    row = Collection(
        root_id=actor.place.root_id,
        period_code=str(period),
        form_code=form.code,
        form_version_id=version_id,
        sender_id=actor.place.id,
        sender_path=actor.place.path,
        opens_on=opens_on,
        due_on=due_on,
        created_at=clock.now(),
        skip_level=settings.skip_level,
        names_siblings=settings.names_siblings,
        one_person=settings.one_person,
        entered_above=settings.entered_above,
        sign_offs=sign_off_list(settings),
    )
    session.add(row)
    session.flush()
    return row


def _require_own_codes(session: Session, actor: Actor, form: FormVersion, period: Period) -> None:
    """Refuse what another form asks for the same period: accepted figures go by the indicator's code.

    Siblings sent it down, perhaps: what they sent is out of sight, and nothing is told of it but the code.
    """
    sent = session.scalars(select(func.versions_collected(actor.place.root_id, str(period)))).all()
    others = [each for each in (version(session, version_id) for version_id in sent) if each.code != form.code]
    taken = sorted(code for code in form.by_code if any(code in other.by_code for other in others))
    if taken:
        raise InvalidInput("form", "indicators_taken", ", ".join(taken))


def _exemptions(units: list[UnitRow], exempt: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(exempt.keys() - {unit.code for unit in units})
    if unknown:
        raise InvalidInput("exempt", "not_addressed", ", ".join(unknown))
    return {code: sound_reason(reason, REASON_LENGTH) for code, reason in exempt.items()}


def assigned(
    collection: Collection, unit: UnitRow, form: FormVersion, exempt_reason: str | None, *, demo: bool
) -> dict[str, object]:
    """The row of a submission that nobody has begun."""
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
        "exempt_reason": exempt_reason,
        "answered": 0,
        "expected_answers": len(form.typed_at(unit.level)),
        "returned_reason": None,
        "submitted_at": None,
        "accepted_at": None,
        "last_activity_at": None,
        "demo": demo,
        "row_version": 1,
    }
