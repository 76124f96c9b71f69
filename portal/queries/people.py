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
    """The units a person acts for today, top units first. The session must see the person's memberships."""
    return place_rows(session, {held.unit_id for held in _memberships(session, user_id, clock.today())})


def find_actor(
    session: Session, user_id: int, name: str, *, unit_code: str | None = None, address: str = ""
) -> Actor | None:
    """The person acting for one of their units (the first, unless named); None if they act for none, or not that.

    The session must see the person's memberships: `db.identity_transaction`.
    """
    memberships = _memberships(session, user_id, clock.today())
    places = place_rows(session, {held.unit_id for held in memberships})
    place = next((each for each in places if unit_code in {None, each.code}), None)
    if place is None:
        return None
    here = [held for held in memberships if held.unit_id == place.id]
    return Actor(user_id, name, place, frozenset(Role(held.role) for held in here), address, _forms(here))


def portal_actor(session: Session, unit_code: str) -> Actor:
    """The portal itself acting within a unit: jobs and commands.

    Raises:
        NotFound: there is no such unit.
    """
    return Actor(None, "汇总系统", get_place(session, unit_code), frozenset())


def _forms(held: list[Membership]) -> frozenset[str] | None:
    """What any one of the memberships opens; None: every form."""
    if any(each.forms is None for each in held):
        return None
    return frozenset(code for each in held for code in each.forms or ())


def _memberships(session: Session, user_id: int, day: date) -> list[Membership]:
    query = select(Membership).where(
        Membership.user_id == user_id,
        Membership.valid_from <= day,
        or_(Membership.valid_to.is_(None), Membership.valid_to >= day),
    )
    return list(session.scalars(query))
