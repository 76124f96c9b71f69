"""People and their roles: who comes, what they are in which unit from when to when, who stands in for whom."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.db import open_accounts
from portal.domain.people import (
    NO_EMAIL,
    NewPerson,
    NewRole,
    full_name,
    read_email,
    read_phone,
    read_username,
    split_name,
)
from portal.domain.policy import Actor, Permission, Role, Subject, permits, require
from portal.errors import InvalidInput, NotFound, NotPermitted
from portal.models import Form, Membership
from portal.queries.person_search import HeldRole, find_person, get_person
from portal.queries.units import UnitRow, get_unit
from portal.services import events
from portal.services.administering import (
    change_account,
    governed,
    keep_last_administrator,
    keep_own_rights,
    record_about,
)
from portal.services.passwords import set_first_password

LAST_DAY = date(9998, 12, 31)
"""The latest end of a role: PostgreSQL adds a day to it."""


def add_person(session: Session, actor: Actor, new: NewPerson, roles: Sequence[NewRole]) -> tuple[int, str]:
    """Make an account with roles; gives its id, and the first password, which is nowhere else.

    Raises:
        NotPermitted: one of the roles is not the actor's to give.
        InvalidInput: something typed will not do; `field` is that of NewPerson or NewRole.
        Duplicate: the user name or the e-mail address is somebody else's.
    """
    if not roles:
        raise InvalidInput("roles", "missing")
    units = [check_role(session, actor, role) for role in roles]
    first, last = split_name(new.name)
    username = read_username(new.username)
    # The row becomes visible through its memberships only: until then it cannot be read back.
    user_id = session.scalars(select(func.nextval("ab_user_id_seq"))).one()
    session.execute(
        insert(User).values(
            id=user_id,
            first_name=first,
            last_name=last,
            username=username,
            email=read_email(new.email) or f"{user_id}{NO_EMAIL}",
            phone=read_phone(new.phone),
            active=True,
            login_count=0,
            fail_login_count=0,
        )
    )
    place = units[0]
    after = {"name": full_name(first, last)}
    events.record(session, actor, "person_added", username, unit_code=place.code, root_id=place.root_id, after=after)
    for role, unit in zip(roles, units, strict=True):
        _hold(session, actor, user_id, username, role, unit)
    open_accounts(session.connection())
    return user_id, set_first_password(session, user_id)


def change_person(session: Session, actor: Actor, user_id: int, *, name: str, email: str, phone: str) -> None:
    """Correct a name, an address or a number.

    Raises:
        NotFound: there is no such person within the actor's sight.
        NotPermitted: the account is not the actor's to change.
        InvalidInput: something typed will not do.
        Duplicate: the e-mail address is somebody else's.
    """
    person = governed(session, actor, user_id)
    first, last = split_name(name)
    number = read_phone(phone)
    address = read_email(email)
    stored = address or f"{user_id}{NO_EMAIL}"
    before = {"name": person.name, "email": person.email, "phone": person.phone}
    after = {"name": full_name(first, last), "email": address or "", "phone": number or ""}
    changed = [field for field in after if after[field] != before[field]]
    if not changed:
        return
    change_account(session, user_id, first_name=first, last_name=last, email=stored, phone=number)
    record_about(
        session,
        actor,
        "person_changed",
        person,
        before={field: before[field] for field in changed},
        after={field: after[field] for field in changed},
    )


def grant(session: Session, actor: Actor, user_id: int, role: NewRole) -> None:
    """Give a person a role; the same role for the same days again changes nothing.

    Raises:
        NotFound: there is no such person within the actor's sight, or no such unit.
        NotPermitted: the role is not the actor's to give.
        InvalidInput: something typed will not do.
        Duplicate: the person holds that role on some of those days already.
    """
    person = get_person(session, actor, user_id)
    unit = check_role(session, actor, role)
    if not any(_same(held, role) for held in person.roles):
        _hold(session, actor, user_id, person.username, role, unit)


def check_role(session: Session, actor: Actor, role: NewRole) -> UnitRow:
    """The unit in which a role is to be held, once everything about the role is in order.

    Raises:
        NotFound: there is no such unit.
        NotPermitted: the role is not the actor's to give.
        InvalidInput: the days, or the forms, do not fit it.
    """
    unit = get_unit(session, role.unit)
    _require_right(actor, role.role, unit.path)
    _check_days(role.valid_from, role.valid_to)
    limited = role.role is Role.PARTNER
    if limited and role.valid_to is None:
        raise InvalidInput("until", "missing")
    if limited != bool(role.forms):
        raise InvalidInput("forms", "missing" if limited else "not_for_this_role")
    known = session.scalars(select(Form.code).where(Form.code.in_(role.forms))).all()
    if set(role.forms) != set(known):
        raise InvalidInput("forms", "unknown", ",".join(role.forms))
    return unit


def end(session: Session, actor: Actor, user_id: int, membership_id: int, last_day: date | None = None) -> None:
    """Let a role end: with `last_day`, or without one at once. One that is over already stays as it is.

    Raises:
        NotFound: the person has no such role within the actor's sight.
        NotPermitted: it is not the actor's to take.
        InvalidInput: the day has passed, or comes after the end that is set; or the role must stay: a directory gave
            it, or it is the actor's own as administrator, or that of the last system administrator.
    """
    person = get_person(session, actor, user_id)
    held = next((each for each in person.roles if each.id == membership_id), None)
    if held is None:
        raise NotFound("membership", membership_id)
    _require_right(actor, held.role, held.path)
    if held.over:
        return
    if held.from_directory:
        raise InvalidInput("role", "from_directory")
    keep_own_rights(actor, person, [held])
    keep_last_administrator(session, [held])
    if last_day is None:
        last_day = max(clock.today(), held.valid_from) - timedelta(days=1)
    elif not max(clock.today(), held.valid_from) <= last_day <= (held.valid_to or LAST_DAY):
        raise InvalidInput("until", "not_before_the_end", last_day)
    session.execute(update(Membership).where(Membership.id == membership_id).values(valid_to=last_day))
    events.record(
        session,
        actor,
        "role_ended",
        person.username,
        unit_code=held.unit,
        root_id=held.root_id,
        before={"role": held.role, "valid_to": held.valid_to},
        after={"role": held.role, "valid_to": last_day},
    )


def deputise(
    session: Session, actor: Actor, user_id: int, *, unit: str, deputy: str, valid_from: date, valid_to: date
) -> int:
    """Give somebody else the roles that a person holds in a unit, for some days; gives how many.

    A role that the deputy holds on one of those days already, or that is not the actor's to give, is left out.

    Raises:
        NotFound: there is no such person within the actor's sight, or no such unit.
        NotPermitted: the unit is not the actor's to administer.
        InvalidInput: nobody within the actor's sight has that user name, the days will not do, or no role is left.
    """
    person = get_person(session, actor, user_id)
    place = get_unit(session, unit)
    require(actor, Permission.MANAGE_USERS, Subject(place.path))
    stand_in = find_person(session, actor, deputy)
    if stand_in is None or stand_in.id == person.id:
        raise InvalidInput("deputy", "nobody", deputy)
    _check_days(valid_from, valid_to)
    wanted = [
        held
        for held in person.roles
        if held.unit_id == place.id
        and held.overlaps(valid_from, valid_to)
        and _may_give(actor, held.role, held.path)
        and not any(_same_role(own, held) and own.overlaps(valid_from, valid_to) for own in stand_in.roles)
    ]
    if not wanted:
        raise InvalidInput("deputy", "nothing_to_take_over", deputy)
    after = {"for": person.username, "roles": [held.role for held in wanted], "from": valid_from, "to": valid_to}
    events.record(
        session, actor, "deputy_named", stand_in.username, unit_code=place.code, root_id=place.root_id, after=after
    )
    for held in wanted:
        role = NewRole(place.code, held.role, valid_from, valid_to, held.forms or ())
        _hold(session, actor, stand_in.id, stand_in.username, role, place, deputy_for_id=person.id)
    return len(wanted)


def _check_days(begin: date, end: date | None) -> None:
    if end is not None and not max(begin, clock.today()) <= end <= LAST_DAY:
        raise InvalidInput("until", "before_the_beginning", end)


def _require_right(actor: Actor, role: Role, path: str) -> None:
    if not _may_give(actor, role, path):
        raise NotPermitted(Permission.MANAGE_USERS)


def _may_give(actor: Actor, role: Role, path: str) -> bool:
    """Whether the actor may give and take this role in the unit of that path."""
    permission = Permission.MANAGE_SYSTEM_ADMINS if role is Role.SYSTEM_ADMIN else Permission.MANAGE_USERS
    return permits(actor, permission, Subject(path))


def _same_role(one: HeldRole, other: HeldRole) -> bool:
    return (one.unit_id, one.role) == (other.unit_id, other.role)


def _same(held: HeldRole, role: NewRole) -> bool:
    """Whether the role is held just as it is to be given: the form was sent twice."""
    days = (held.valid_from, held.valid_to) == (role.valid_from, role.valid_to)
    return days and (held.unit, held.role, held.forms or ()) == (role.unit, role.role, role.forms)


def _hold(
    session: Session,
    actor: Actor,
    user_id: int,
    username: str,
    role: NewRole,
    unit: UnitRow,
    *,
    deputy_for_id: int | None = None,
) -> None:
    session.execute(
        insert(Membership).values(
            user_id=user_id,
            unit_id=unit.id,
            unit_path=unit.path,
            role=role.role,
            valid_from=role.valid_from,
            valid_to=role.valid_to,
            forms=list(role.forms) or None,
            deputy_for_id=deputy_for_id,
        )
    )
    after = {"role": role.role, "from": role.valid_from, "to": role.valid_to, "forms": role.forms}
    events.record(session, actor, "role_granted", username, unit_code=unit.code, root_id=unit.root_id, after=after)
