"""Who must have a second factor, and who has none though."""

from collections.abc import Collection

from sqlalchemy import Exists, exists, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.actors import Role
from portal.models import Membership, SecondFactor


def must_have_second_factor(session: Session, user_id: int, required: Collection[Role]) -> bool:
    """Whether the person holds one of these roles today, in whatever unit."""
    return bool(session.scalar(select(_holds(user_id, required))))


def owes_second_factor(session: Session, user_id: int, required: Collection[Role]) -> bool:
    """Whether the person must have one, and has none."""
    enrolled = exists().where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    return bool(session.scalar(select(_holds(user_id, required) & ~enrolled)))


def _holds(user_id: int, roles: Collection[Role]) -> Exists:
    today = clock.today()
    return exists().where(
        Membership.user_id == user_id,
        Membership.role.in_(roles),
        Membership.valid_from <= today,
        or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
    )
