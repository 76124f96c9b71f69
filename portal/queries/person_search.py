"""People of the actor's subtree, with the roles they hold there. Row-level security hides all others."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ColumnElement, Row, Text, cast, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from portal import clock
from portal.db import LTree
from portal.domain.people import NO_EMAIL, full_name
from portal.domain.policy import Actor, Permission, Role, Subject, permits, require
from portal.errors import NotFound
from portal.models import Membership, Node, Unit
from portal.queries.paging import Page, PageOf, read_page
from portal.queries.units import current_tree, get_unit

_ACCOUNT: tuple[Any, ...] = (
    User.id, User.first_name, User.last_name, User.username, User.email, User.phone, User.active, User.last_login,
)  # fmt: skip


class Standing(StrEnum):
    """Which people a list shows."""

    ACTIVE = "active"  # holds a role, or will
    OFF = "off"  # may not sign in
    FORMER = "former"  # holds no role any more


@dataclass(frozen=True)
class HeldRole:
    """A role in a unit, from a day to a day (inclusive; None: until further notice).

    Attributes:
        forms: codes of the forms seen; None: all.
        deputy_for: name of whom the person stands in for; empty for nobody.
        from_directory: a directory gave it and takes it back.
    """

    id: int
    unit: str
    unit_id: int
    unit_name: str
    unit_name_en: str
    path: str
    root_id: int
    role: Role
    valid_from: date
    valid_to: date | None
    forms: tuple[str, ...] | None
    deputy_for: str
    from_directory: bool

    @property
    def over(self) -> bool:
        """Whether its last day has passed."""
        return self.valid_to is not None and self.valid_to < clock.today()

    @property
    def ahead(self) -> bool:
        """Whether its first day is still to come."""
        return not self.over and self.valid_from > clock.today()

    def overlaps(self, begin: date, end: date | None) -> bool:
        """Whether it is held on any day from `begin` to `end`."""
        return (end is None or self.valid_from <= end) and (self.valid_to is None or self.valid_to >= begin)


@dataclass(frozen=True)
class PersonRow:
    """Somebody with an account.

    Attributes:
        email: empty for none.
        last_login: None before the first time.
        roles: those within the actor's sight, by unit; what is over comes last.
    """

    id: int
    name: str
    username: str
    email: str
    phone: str
    active: bool
    last_login: datetime | None
    roles: tuple[HeldRole, ...]

    @property
    def standing_roles(self) -> tuple[HeldRole, ...]:
        """The roles held today or from a later day on."""
        return tuple(held for held in self.roles if not held.over)


def search_people(
    session: Session,
    actor: Actor,
    *,
    unit: str | None = None,
    role: Role | None = None,
    text: str = "",
    standing: Standing | None = Standing.ACTIVE,
    page: PageOf,
) -> Page[PersonRow]:
    """Those with a role in the actor's unit or below it, by unit and user name, in a bounded number of statements.

    Args:
        session: the transaction.
        actor: who asks.
        unit: only people with a role in this unit or below it.
        role: only people holding it.
        text: part of a name or user name.
        standing: None for everybody.
        page: which part of the list.

    Raises:
        NotFound: there is no such unit.
        NotPermitted: the actor administers nobody, or not that unit.
    """
    require(actor, Permission.MANAGE_USERS, Subject(actor.place.path))
    holding = [Membership.user_id == User.id]
    if unit is not None:
        path = get_unit(session, unit).path
        require(actor, Permission.MANAGE_USERS, Subject(path))
        holding.append(Membership.unit_path.op("<@")(type_coerce(path, LTree)))
    if role is not None:
        holding.append(Membership.role == role)
    if standing is Standing.ACTIVE:
        holding.append(_not_over())
    first_unit = select(func.min(cast(Membership.unit_path, Text))).where(*holding).scalar_subquery()
    query = select(*_ACCOUNT).order_by(first_unit, User.username)
    if len(holding) > 1:
        query = query.where(select(literal(1)).where(*holding).exists())
    if standing is Standing.FORMER:
        query = query.where(~select(literal(1)).where(Membership.user_id == User.id, _not_over()).exists())
    elif standing is not None:
        query = query.where(User.active.is_(standing is Standing.ACTIVE))
    if text:
        query = query.where(_named(text))
    found = read_page(session, query, page)
    return Page(_people(session, found.items), found.count)


def get_person(session: Session, actor: Actor, user_id: int) -> PersonRow:
    """One person.

    Raises:
        NotFound: there is no such person within the actor's sight.
        NotPermitted: the actor administers nobody.
    """
    require(actor, Permission.MANAGE_USERS, Subject(actor.place.path))
    rows = list(session.execute(select(*_ACCOUNT).where(User.id == user_id)))
    if not rows:
        raise NotFound("person", user_id)
    return _people(session, rows)[0]


def find_person(session: Session, actor: Actor, username: str) -> PersonRow | None:
    """The person of that user name, if within the actor's sight."""
    user_id = session.scalar(select(User.id).where(User.username == username.strip().lower()))
    return None if user_id is None else get_person(session, actor, user_id)


def usernames_of(session: Session, beginning: str) -> list[str]:
    """User names within the actor's sight that begin so."""
    return list(session.scalars(select(User.username).where(User.username.startswith(beginning, autoescape=True))))


def governs(session: Session, actor: Actor, person: PersonRow) -> bool:
    """Whether the account itself is the actor's to change: all its standing roles are within the actor's rights.

    A role somewhere else, which the actor cannot see, is asked of the database.
    """
    needed = {Permission.MANAGE_USERS} | {
        Permission.MANAGE_SYSTEM_ADMINS for held in person.standing_roles if held.role is Role.SYSTEM_ADMIN
    }
    places = [held.path for held in person.standing_roles] or [actor.place.path]
    if not all(permits(actor, permission, Subject(path)) for permission in needed for path in places):
        return False
    if permits(actor, Permission.MANAGE_SYSTEM_ADMINS, Subject(actor.place.path)):
        return True
    return bool(session.scalar(select(func.all_within_scope(person.id))))


def _not_over() -> ColumnElement[bool]:
    return or_(Membership.valid_to.is_(None), Membership.valid_to >= clock.today())


def _named(text: str) -> ColumnElement[bool]:
    """A part of the real name, family name first or last, or of the user name."""
    words = "".join(text.split())
    return or_(
        (User.last_name + User.first_name).icontains(words, autoescape=True),
        (User.first_name + User.last_name).icontains(words, autoescape=True),
        User.username.icontains(words, autoescape=True),
    )


def _people(session: Session, accounts: Iterable[Row[Any]]) -> list[PersonRow]:
    rows = list(accounts)
    roles = _roles(session, {row.id for row in rows})
    return [
        PersonRow(
            row.id,
            full_name(row.first_name, row.last_name),
            row.username,
            "" if row.email.endswith(NO_EMAIL) else row.email,
            row.phone or "",
            bool(row.active),
            row.last_login and row.last_login.replace(tzinfo=UTC),
            tuple(roles[row.id]),
        )
        for row in rows
    ]


def _roles(session: Session, user_ids: Collection[int]) -> dict[int, list[HeldRole]]:
    """Roles by person; a unit that is no longer in the tree is called by its code."""
    absent = aliased(User)
    query = (
        select(Membership, Unit.code, Unit.root_id, Node.name, Node.name_en, absent.first_name, absent.last_name)
        .join(Unit, Unit.id == Membership.unit_id)
        .outerjoin(Node, (Node.unit_id == Unit.id) & (Node.tree_id == current_tree(session)))
        .outerjoin(absent, absent.id == Membership.deputy_for_id)
        .where(Membership.user_id.in_(user_ids))
        .order_by(
            func.coalesce(Membership.valid_to < clock.today(), False),
            Membership.unit_path,
            Membership.role,
            Membership.valid_from,
        )
    )
    found: dict[int, list[HeldRole]] = defaultdict(list)
    for row, code, root_id, name, name_en, first, last in session.execute(query):
        found[row.user_id].append(
            HeldRole(
                row.id,
                code,
                row.unit_id,
                name or code,
                name_en or "",
                row.unit_path,
                root_id,
                Role(row.role),
                row.valid_from,
                row.valid_to,
                None if row.forms is None else tuple(row.forms),
                "" if first is None else full_name(first, last),
                row.origin is not None,
            )
        )
    return found
