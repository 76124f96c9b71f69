"""Work on a draft of a form: begin it, save it, drop it, publish it."""

import re
from dataclasses import replace
from hashlib import sha256

from sqlalchemy.orm import Session

from portal import clock
from portal.domain.addition_file import examine_addition_draft, new_addition, write_addition
from portal.domain.additions import Addition, draft_code
from portal.domain.careful_yaml import MAX_CHARACTERS
from portal.domain.form_differences import differences
from portal.domain.form_edits import examine_draft, new_form
from portal.domain.form_file import write_form
from portal.domain.forms import FormVersion, Text
from portal.domain.policy import Actor, Permission, Subject, require
from portal.errors import Conflict, FormInvalid, InvalidInput, NotPermitted
from portal.models import FormDraft
from portal.queries.additions import find_addition
from portal.queries.form_drafts import get_draft, may_publish_forms
from portal.queries.forms import find_form, get_form
from portal.services import additions, events, forms
from portal.services.additions import require_below

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,31}", re.ASCII)


def begin(session: Session, actor: Actor, code: str, name: str = "") -> FormDraft:
    """Begin a draft with what is published, or with next to nothing if the form is new.

    Raises:
        NotPermitted: the actor edits no forms.
        InvalidInput: a new form's code is none, or it has no name.
        Duplicate: the unit has a draft of the form.
    """
    require(actor, Permission.EDIT_FORMS, Subject(actor.place.path))
    base = find_form(session, code)
    if base is None and not _CODE.fullmatch(code):
        raise InvalidInput("code", "not_a_form_code", code)
    if base is None and not name.strip():
        raise InvalidInput("name", "missing")
    document = write_form(replace(base, mapping=())) if base else new_form(code, name.strip())
    return _begun(session, actor, code, base.number if base else 0, document)


def begin_addition(session: Session, actor: Actor, form: str) -> FormDraft:
    """Begin a draft of what the unit adds to a form, with what it has added so far.

    Raises:
        NotPermitted: the actor adds nothing to forms.
        NotFound: there is no such form.
        InvalidInput: there is no unit below to ask.
        Duplicate: the unit has a draft of it.
    """
    place = actor.place
    require(actor, Permission.ADD_TO_FORMS, Subject(place.path))
    core, newest = get_form(session, form), find_addition(session, actor, form)
    require_below(session, actor)
    if newest is None:
        document = new_addition(core, place.code, Text(place.name, place.name_en))
    else:
        document = write_addition(replace(newest, number=newest.number + 1, version=core.number))
    return _begun(session, actor, draft_code(form, place.code), core.number, document)


def save(session: Session, actor: Actor, code: str, document: str, seen: int) -> FormDraft:
    """Keep another text, right or wrong.

    Raises:
        NotFound: there is no draft.
        Conflict: somebody saved another one since; `seen` is the row version that was changed.
        InvalidInput: it is too long to be a form.
    """
    row = _held(session, actor, code, seen)
    if len(document) > MAX_CHARACTERS:
        raise InvalidInput("document", "too_long")
    document = document.replace("\r\n", "\n")
    if document == row.document:
        return row
    before, row.document = _digest(row.document), document
    _changed(row, actor)
    _record(session, actor, "form_draft_saved", code, before=before, after=_digest(document))
    return row


def drop(session: Session, actor: Actor, code: str, seen: int) -> None:
    """Throw the draft away.

    Raises:
        NotFound: there is none.
        Conflict: somebody saved another one since.
    """
    row = _held(session, actor, code, seen)
    session.delete(row)
    _record(session, actor, "form_draft_dropped", code, before=_digest(row.document))


def publish(session: Session, actor: Actor, code: str, seen: int, number: int) -> FormVersion:
    """Make the draft the form's next version, which never changes; the draft is done with.

    Args:
        session: the transaction.
        actor: who publishes.
        code: of the form.
        seen: the row version of the draft that was looked at.
        number: the version it was said to become.

    Raises:
        NotPermitted: the form is shared with other top units.
        Conflict: the draft was changed, or a version published, since.
        FormInvalid: with every mistake of the draft.
        InvalidInput: it says nothing new.
    """
    row = _held(session, actor, code, seen)
    if not may_publish_forms(session, actor):
        raise NotPermitted(Permission.MANAGE_REFERENCE)
    newest = find_form(session, code)
    if number != (newest.number if newest else 0) + 1:
        raise Conflict("form", code)
    read, mistakes = examine_draft(code, row.document)
    if read is None:
        raise FormInvalid([f"{each.line}: {each.words.zh} / {each.words.en}" for each in mistakes])
    form = replace(read, number=number)
    if newest and not differences(newest, form).any:
        raise InvalidInput("draft", "unchanged")
    forms.publish(session, form, actor)
    session.delete(row)
    session.flush()
    return form


def publish_addition(session: Session, actor: Actor, code: str, seen: int) -> Addition:
    """Publish what a draft adds to a form; the draft is done with.

    Raises:
        NotPermitted: the actor adds nothing to forms.
        Conflict: the draft was changed since.
        FormInvalid: with every mistake of the draft.
        InvalidInput: it says nothing new.
    """
    row = _held(session, actor, code, seen)
    read, mistakes = examine_addition_draft(code, row.document, lambda form, number: find_form(session, form, number))
    if read is None:
        raise FormInvalid([f"{each.line}: {each.words.zh} / {each.words.en}" for each in mistakes])
    newest = find_addition(session, actor, read.form)
    addition = replace(read, number=newest.number + 1 if newest else 1)
    if newest and replace(newest, number=addition.number) == addition:
        raise InvalidInput("draft", "unchanged")
    additions.publish(session, actor, addition)
    session.delete(row)
    session.flush()
    return addition


def _begun(session: Session, actor: Actor, code: str, base_number: int, document: str) -> FormDraft:
    row = FormDraft(
        root_id=actor.place.root_id,
        unit_id=actor.place.id,
        unit_path=actor.place.path,
        form_code=code,
        base_number=base_number,
        document=document,
        row_version=0,
    )
    _changed(row, actor)
    session.add(row)
    session.flush()
    _record(session, actor, "form_draft_begun", code, after={"base": base_number, **_digest(document)})
    return row


def _held(session: Session, actor: Actor, code: str, seen: int) -> FormDraft:
    row = get_draft(session, actor, code, for_update=True)
    if row.row_version != seen:
        raise Conflict("form_draft", code)
    return row


def _changed(row: FormDraft, actor: Actor) -> None:
    row.row_version += 1
    row.changed_by_id, row.changed_by, row.changed_at = actor.user_id, actor.name, clock.now()


def _digest(document: str) -> dict[str, str]:
    return {"sha256": sha256(document.encode()).hexdigest()}


def _record(
    session: Session,
    actor: Actor,
    kind: str,
    code: str,
    *,
    before: dict[str, object] | dict[str, str] | None = None,
    after: dict[str, object] | dict[str, str] | None = None,
) -> None:
    place = actor.place
    events.record(session, actor, kind, code, unit_code=place.code, root_id=place.root_id, before=before, after=after)
