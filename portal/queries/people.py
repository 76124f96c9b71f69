"""In which units a person acts, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.policy import Actor, Role
from portal.domain.units import Place
from portal.models import Membership
from portal.queries.units import get_place, place_rows


@dataclass(frozen=True)
class Position:
    """What a person is in a unit.

    Attributes:
        forms: codes of the forms seen in it; None: all.
        until: the last day of it; None: until further notice.
    """

    place: Place
    roles: tuple[Role, ...]
    forms: frozenset[str] | None
    until: date | None


def list_places(session: Session, user_id: int) -> list[Place]:
    """The units a person acts for today, top units first. The session must see the person's memberships."""
    return place_rows(session, {held.unit_id for held in _memberships(session, user_id, clock.today())})


def list_positions(session: Session, user_id: int) -> list[Position]:
    """What a person is today, and where, top units first. The session must see the person's memberships."""
    memberships = _memberships(session, user_id, clock.today())
    return [
        _position(place, [held for held in memberships if held.unit_id == place.id])
        for place in place_rows(session, {held.unit_id for held in memberships})
    ]


def find_actor(
    session: Session, user_id: int, name: str, *, unit_code: str | None = None, address: str = ""
) -> Actor | None:
    """The person acting for one of their units (the first, unless named); None if they act for none, or not that.

    The session must see the person's memberships: `db.identity_transaction`.
    """
    return actor_in(list_positions(session, user_id), user_id, name, unit_code=unit_code, address=address)


def actor_in(
    positions: Sequence[Position], user_id: int, name: str, *, unit_code: str | None = None, address: str = ""
) -> Actor | None:
    """The same, from all that the person is."""
    held = next((each for each in positions if unit_code in {None, each.place.code}), None)
    if held is None:
        return None
    return Actor(user_id, name, held.place, frozenset(held.roles), address, held.forms, until=held.until)


def _position(place: Place, held: list[Membership]) -> Position:
    roles = {each.role for each in held}
    return Position(place, tuple(role for role in Role if role in roles), _forms(held), _until(held))


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


def _until(held: list[Membership]) -> date | None:
    """The last day of the membership that lasts longest; None: until further notice."""
    ends = [each.valid_to for each in held if each.valid_to is not None]
    return max(ends) if len(ends) == len(held) else None


def _memberships(session: Session, user_id: int, day: date) -> list[Membership]:
    query = select(Membership).where(
        Membership.user_id == user_id,
        Membership.valid_from <= day,
        or_(Membership.valid_to.is_(None), Membership.valid_to >= day),
    )
    return list(session.scalars(query))
