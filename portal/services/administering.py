"""What every change of people and accounts asks first: whose it is to make, and who remains to make the next."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.policy import Actor, Permission, Role
from portal.errors import InvalidInput, NotPermitted
from portal.models import Membership
from portal.queries.person_search import HeldRole, PersonRow, get_person, governs
from portal.services import events


def governed(session: Session, actor: Actor, user_id: int) -> PersonRow:
    """A person whose account is the actor's to change.

    Raises:
        NotFound: there is no such person within the actor's sight.
        NotPermitted: the person is more, or is something elsewhere, than the actor administers.
    """
    person = get_person(session, actor, user_id)
    if not governs(session, actor, person):
        raise NotPermitted(Permission.MANAGE_USERS)
    return person


def change_account(session: Session, user_id: int, **columns: object) -> None:
    """Change columns of an account. Row-level security has the last word on whose it may be.

    Raises:
        NotPermitted: not this one.
    """
    changed = session.execute(update(User).where(User.id == user_id).values(**columns).returning(User.id)).all()
    if not changed:
        raise NotPermitted(Permission.MANAGE_USERS)


def record_about(
    session: Session, actor: Actor, kind: str, person: PersonRow, **changes: Mapping[str, Any] | None
) -> None:
    """Add an event about a person: to the chain of the first unit they hold, or held, a role in."""
    place = person.roles[0] if person.roles else None
    unit_code, root_id = (place.unit, place.root_id) if place else (actor.place.code, actor.place.root_id)
    events.record(session, actor, kind, person.username, unit_code=unit_code, root_id=root_id, **changes)


def keep_own_rights(actor: Actor, person: PersonRow, lost: Sequence[HeldRole]) -> None:
    """Nobody takes away from themselves the last role by which they administer.

    Raises:
        InvalidInput: this would.
    """
    administers = {Role.UNIT_ADMIN, Role.SYSTEM_ADMIN}
    if person.id != actor.user_id or administers.isdisjoint(held.role for held in lost):
        return
    gone = {held.id for held in lost}
    if not any(held.role in administers and held.id not in gone and not held.ahead for held in person.standing_roles):
        raise InvalidInput("role", "own_rights")


def keep_last_administrator(session: Session, lost: Sequence[HeldRole]) -> None:
    """Somebody must stay system administrator without an end, with an account that is switched on.

    Raises:
        InvalidInput: nobody would.
    """
    if all(held.role is not Role.SYSTEM_ADMIN for held in lost):
        return
    lasting = (Membership.role == Role.SYSTEM_ADMIN, Membership.valid_to.is_(None))
    # Two who remove each other at the same moment wait here, and the second then sees what the first did.
    session.execute(select(Membership.id).where(*lasting).order_by(Membership.id).with_for_update())
    others = (
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(
            *lasting,
            Membership.valid_from <= clock.today(),
            Membership.id.not_in([held.id for held in lost]),
            User.active,
        )
    )
    if not session.scalar(others):
        raise InvalidInput("role", "last_administrator")
