"""Drafts of forms, as far as they are the actor's own unit's."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.domain.additions import added_to
from portal.domain.policy import Actor, Permission, Subject, permits, require
from portal.errors import NotFound
from portal.models import FormDraft, Unit

_EDITING = (Permission.EDIT_FORMS, Permission.ADD_TO_FORMS)


def editing(code: str) -> Permission:
    """What it takes to work on the draft of that code."""
    return Permission.ADD_TO_FORMS if added_to(code) else Permission.EDIT_FORMS


def list_drafts(session: Session, actor: Actor) -> list[FormDraft]:
    """The unit's drafts, by form, of its additions too."""
    if not any(permits(actor, each, Subject(actor.place.path)) for each in _EDITING):
        return []
    query = select(FormDraft).where(FormDraft.unit_id == actor.place.id).order_by(FormDraft.form_code)
    return list(session.scalars(query))


def get_draft(session: Session, actor: Actor, code: str, *, for_update: bool = False) -> FormDraft:
    """The unit's draft of a form, locked if it is to be changed.

    Raises:
        NotFound: it has none.
        NotPermitted: the actor edits no forms, or adds nothing to any.
    """
    require(actor, editing(code), Subject(actor.place.path))
    key = (actor.place.root_id, actor.place.id, code)
    row = session.get(FormDraft, key, populate_existing=True, with_for_update=for_update)
    if row is None:
        raise NotFound("form_draft", code)
    return row


def may_publish_forms(session: Session, actor: Actor) -> bool:
    """Whether the actor may publish: several top units share all forms, and leave it to the portal's administrators."""
    if permits(actor, Permission.MANAGE_REFERENCE, Subject(actor.place.path)):
        return True
    tops = session.scalar(select(func.count()).select_from(Unit).where(func.nlevel(Unit.path) == 1))
    return tops == 1 and permits(actor, Permission.EDIT_FORMS, Subject(actor.place.path))
