"""Add indicators to a form for one's own subtree, and let them join what was sent down already."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.addition_file import addition_digest, addition_to_dict
from portal.domain.additions import Addition, examine_addition, extended, fits
from portal.domain.collections import CollectionKey
from portal.domain.forms import FormVersion, Indicator
from portal.domain.lifecycle import HANDED_IN
from portal.domain.policy import Actor, Permission, Subject, require
from portal.errors import FormInvalid, InvalidInput, NotFound
from portal.models import Collection, CollectionAddition, FormAddition, Submission, Unit
from portal.queries.additions import Joining, find_addition, get_addition, list_joinings
from portal.queries.effective_forms import addition_of
from portal.queries.forms import get_form, version
from portal.queries.units import get_unit
from portal.services import events
from portal.services.collections import hold_settings
from portal.services.forms import require_foreign_figures


def publish(session: Session, actor: Actor, addition: Addition) -> Addition:
    """Publish what the actor's unit adds to a form; the same a second time changes nothing.

    It belongs to what is sent down from now on; what is under way it joins by `join` only.

    Raises:
        NotPermitted: the actor adds nothing to forms.
        NotFound: there is no such version of the form.
        InvalidInput: it is another unit's, or there is no unit below to ask.
        FormInvalid: it does not go with the form, is not the number after the newest, or takes a code of an earlier
            number for something else.
    """
    place = actor.place
    require(actor, Permission.ADD_TO_FORMS, Subject(place.path))
    if addition.unit != place.code:
        raise InvalidInput("unit", "not_own", addition.unit)
    require_below(session, actor)
    newest = find_addition(session, actor, addition.form)
    if newest == addition:
        return newest
    core = get_form(session, addition.form, addition.version)
    _require_sound(session, actor, core, addition, newest.number + 1 if newest else 1)
    session.add(
        FormAddition(
            root_id=place.root_id,
            unit_id=place.id,
            unit_path=place.path,
            form_code=addition.form,
            number=addition.number,
            form_number=addition.version,
            definition=addition_to_dict(addition),
            digest=addition_digest(addition),
            published_by=actor.name,
            published_at=clock.now(),
        )
    )
    session.flush()
    said: dict[str, object] = {"number": addition.number, "name": addition.name.zh}
    before: dict[str, object] = {"number": newest.number} if newest else {}
    _record(session, actor, "addition_published", addition.form, before, said | {"digest": addition_digest(addition)})
    return addition


def require_below(session: Session, actor: Actor) -> None:
    """Stop unless there are units below the actor's, which an addition is for.

    Raises:
        InvalidInput: there are none.
    """
    if not get_unit(session, actor.place.code).has_children:
        raise InvalidInput("unit", "nothing_below", actor.place.code)


def join(session: Session, actor: Actor, key: CollectionKey, number: int) -> Joining:
    """Let the unit's newest addition join a collection that is under way; gives whom it is asked of.

    What is handed in is left alone: it is asked only once it was sent back or reopened.

    Args:
        session: the transaction.
        actor: for the unit that added it.
        key: the collection.
        number: of the addition, as it was looked at.

    Raises:
        NotPermitted: the actor adds nothing to forms.
        NotFound: no such collection asks anything of the unit's subtree, or there is no such addition.
        Duplicate: one of the unit's additions belongs to it already.
        FormInvalid: the addition does not go with the version that was sent down.
        InvalidInput: everybody has handed in, or the addition asks nothing.
    """
    require(actor, Permission.ADD_TO_FORMS, Subject(actor.place.path))
    hold_settings(session, key, exclusively=True)
    addition = get_addition(session, actor, key.form, number)
    newest = get_addition(session, actor, key.form)
    joining = next((each for each in list_joinings(session, actor, key.form) if each.key == key), None)
    collection = session.get(Collection, (actor.place.root_id, str(key.period), key.form))
    if joining is None or collection is None or newest != addition:
        raise NotFound("form_addition", f"{key} {number}")
    if addition.is_empty or (joining.number is None and not joining.asked):
        raise InvalidInput("number", "asks_nobody", number)
    core = version(session, collection.form_version_id)
    if not fits(core, addition):
        raise FormInvalid(
            [f"补充第 {number} 号不适用于 {core.code} 第 {core.number} 版 (does not go with that version)"]
        )
    session.add(
        CollectionAddition(
            root_id=actor.place.root_id,
            period_code=str(key.period),
            form_code=key.form,
            unit_id=actor.place.id,
            unit_path=actor.place.path,
            number=number,
            joined_at=clock.now(),
        )
    )
    session.flush()
    _ask_more(session, actor, key, core, addition)
    _record(
        session,
        actor,
        "addition_joined",
        str(key),
        {},
        {"number": number, "asked": joining.asked, "handed_in": joining.handed_in},
    )
    return joining


def _require_sound(session: Session, actor: Actor, core: FormVersion, addition: Addition, number: int) -> None:
    mistakes = examine_addition(core, addition).found
    problems = [f"{'.'.join(map(str, path))}: {words.zh} / {words.en}" for path, words in mistakes]
    if addition.number != number:
        problems.append(f"number: 应为 {number} / must be {number}")
    namesake = select(Unit.id).where(func.upper(Unit.code) == addition.unit.upper(), Unit.id != actor.place.id)
    if session.scalar(namesake) is not None:
        problems.append(f"unit: 单位代码“{addition.unit}”与其他单位只差大小写 / differs from another in case only")
    known = _indicators_so_far(session, actor, addition.form)
    for each in addition.indicators:
        before = known.get(each.code, each)
        if (before.unit, before.type) != (each.unit, each.type):
            problems.append(
                f"{each.code}: 以前以“{before.unit}”计，含义变了请换代码 / was in {before.unit}: take another code"
            )
    if problems:
        raise FormInvalid(problems)
    require_foreign_figures(session, extended(core, [addition]))


def _indicators_so_far(session: Session, actor: Actor, form: str) -> dict[str, Indicator]:
    """What the codes of all numbers of the unit's addition stood for, last."""
    query = select(FormAddition.digest).where(
        FormAddition.root_id == actor.place.root_id,
        FormAddition.unit_id == actor.place.id,
        FormAddition.form_code == form,
    )
    numbers = [addition_of(session, digest) for digest in session.scalars(query.order_by(FormAddition.number)).all()]
    return {indicator.code: indicator for each in numbers for indicator in each.indicators}


def _ask_more(session: Session, actor: Actor, key: CollectionKey, core: FormVersion, addition: Addition) -> None:
    """Count what is asked now in the answers under way."""
    asked = extended(core, [addition])
    for level in core.levels:
        more = len(asked.typed_at(level)) - len(core.typed_at(level))
        session.execute(
            update(Submission)
            .where(
                Submission.root_id == actor.place.root_id,
                Submission.period_code == str(key.period),
                Submission.form_code == key.form,
                Submission.unit_path.op("<@")(actor.place.path),
                Submission.level == level,
                Submission.state.not_in(HANDED_IN),
            )
            .values(expected_answers=Submission.expected_answers + more)
        )


def _record(
    session: Session, actor: Actor, kind: str, subject: str, before: dict[str, object], after: dict[str, object]
) -> None:
    place = actor.place
    events.record(
        session, actor, kind, subject, unit_code=place.code, root_id=place.root_id, before=before, after=after
    )
