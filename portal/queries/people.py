"""In which units a person acts, and as what."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.policy import Actor, Role
from portal.domain.units import Place
from portal.models import Membership
from portal.queries.units import get_place, place_rows


def list_places(session: Session, user_id: int) -> list[Place]:
    """The units a person acts for today, top units first."""
    unit_ids = {unit_id for unit_id, _role in _memberships(session, user_id, clock.today())}
    return place_rows(session, unit_ids)


def find_actor(
    session: Session, user_id: int, name: str, *, unit_code: str | None = None, address: str = ""
) -> Actor | None:
    """The person acting for one of their units (the first, unless named); None if they act for none, or not that."""
    memberships = _memberships(session, user_id, clock.today())
    places = place_rows(session, {unit_id for unit_id, _role in memberships})
    place = next((each for each in places if unit_code in {None, each.code}), None)
    if place is None:
        return None
    roles = frozenset(Role(role) for unit_id, role in memberships if unit_id == place.id)
    return Actor(user_id, name, place, roles, address)


def portal_actor(session: Session, unit_code: str) -> Actor:
    """The portal itself acting within a unit: jobs and commands.

    Raises:
        NotFound: there is no such unit.
    """
    return Actor(None, "汇总系统", get_place(session, unit_code), frozenset())


def _memberships(session: Session, user_id: int, day: date) -> list[tuple[int, str]]:
    query = select(Membership.unit_id, Membership.role).where(
        Membership.user_id == user_id,
        Membership.valid_from <= day,
        or_(Membership.valid_to.is_(None), Membership.valid_to >= day),
    )
    return [(unit_id, role) for unit_id, role in session.execute(query)]
