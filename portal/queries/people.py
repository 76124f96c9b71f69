"""In which units a person acts, and as what."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    User,
    ViewMenu,
    assoc_permissionview_role,
)
from flask_appbuilder.security.sqla.models import Role as ScreenRole
from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.policy import Actor, Role
from portal.domain.units import Place
from portal.models import Membership, Unit
from portal.queries.units import get_place, place_of, places_today


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


_HELD = (
    places_today()
    .add_columns(Membership.role, Membership.forms, Membership.valid_to)
    .join(Membership, Membership.unit_id == Unit.id)
    .where(
        Membership.user_id == bindparam("user_id"),
        Membership.valid_from <= bindparam("day"),
        or_(Membership.valid_to.is_(None), Membership.valid_to >= bindparam("day")),
    )
)
_OPENED = (
    select(ScreenRole.name, Permission.name, ViewMenu.name)
    .join(assoc_permissionview_role, assoc_permissionview_role.c.role_id == ScreenRole.id)
    .join(PermissionView, assoc_permissionview_role.c.permission_view_id == PermissionView.id)
    .join(Permission, PermissionView.permission_id == Permission.id)
    .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
    .where(ScreenRole.name.in_(bindparam("roles", expanding=True)))
)

Grant = tuple[str, str]
"""(permission, screen or view) by name."""


@dataclass(frozen=True)
class Identity:
    """Somebody who asks, with all that decides what they may do: read once a request, never kept for another.

    Attributes:
        positions: what the person is today, and where, top units first.
        opened: what each role held opens.
    """

    user: User
    positions: tuple[Position, ...]
    opened: Mapping[str, Collection[Grant]]

    def opens(self, roles: Collection[str], permission: str, screen: str) -> bool:
        """Whether one of these roles opens the screen."""
        return any((permission, screen) in self.opened.get(role, ()) for role in roles)


def identify(session: Session, user: User) -> Identity:
    """All that is asked about somebody who asks. The session must see the person's memberships."""
    positions = tuple(list_positions(session, user.id))
    return Identity(user, positions, _opened(session, {role for held in positions for role in held.roles}))


def _opened(session: Session, roles: Collection[str]) -> Mapping[str, Collection[Grant]]:
    opened: dict[str, set[Grant]] = defaultdict(set)
    for role, permission, screen in session.execute(_OPENED, {"roles": list(roles)}):
        opened[role].add((permission, screen))
    return opened


def list_places(session: Session, user_id: int) -> list[Place]:
    """The units a person acts for today, top units first. The session must see the person's memberships."""
    return list(_memberships(session, user_id))


def list_positions(session: Session, user_id: int) -> list[Position]:
    """What a person is today, and where, top units first. The session must see the person's memberships."""
    return [_position(place, held) for place, held in _memberships(session, user_id).items()]


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


def _position(place: Place, held: list[Row[Any]]) -> Position:
    roles = {each.role for each in held}
    return Position(place, tuple(role for role in Role if role in roles), _forms(held), _until(held))


def portal_actor(session: Session, unit_code: str) -> Actor:
    """The portal itself acting within a unit: jobs and commands.

    Raises:
        NotFound: there is no such unit.
    """
    return Actor(None, "汇总系统", get_place(session, unit_code), frozenset())


def portal_within(session: Session, unit_code: str) -> Actor:
    """The portal entering what a unit's people hand in for the units below it; it writes only what they may.

    Raises:
        NotFound: there is no such unit.
    """
    return replace(portal_actor(session, unit_code), within=True)


def _forms(held: list[Row[Any]]) -> frozenset[str] | None:
    """What any one of the memberships opens; None: every form."""
    if any(each.forms is None for each in held):
        return None
    return frozenset(code for each in held for code in each.forms or ())


def _until(held: list[Row[Any]]) -> date | None:
    """The last day of the membership that lasts longest; None: until further notice."""
    ends = [each.valid_to for each in held if each.valid_to is not None]
    return max(ends) if len(ends) == len(held) else None


def _memberships(session: Session, user_id: int) -> dict[Place, list[Row[Any]]]:
    """What the person holds today, by place in tree order."""
    found: dict[Place, list[Row[Any]]] = {}
    for row in session.execute(_HELD, {"user_id": user_id, "day": clock.today()}):
        found.setdefault(place_of(row), []).append(row)
    return found
