"""Let in people whom a directory vouches for: their account, and the memberships that the directory gives them.

Everything here works in a `db.identity_transaction`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.directory import DirectoryMapping, DirectoryPerson, NotAdmitted, Refusal
from portal.domain.people import LONGEST_NAME, NO_EMAIL, full_name, read_email, read_username, split_name
from portal.domain.units import Place
from portal.errors import InvalidInput, NotFound
from portal.models import DirectoryAccount, Membership, Unit
from portal.queries.units import get_place
from portal.services import events
from portal.services.events import PORTAL

LONGEST_SUBJECT = 255
"""OpenID Connect's own limit."""


@dataclass(frozen=True)
class _Pair:
    """A role in a unit that exists."""

    place: Place
    role: str


def admit(session: Session, person: DirectoryPerson, mapping: DirectoryMapping) -> int:
    """The account of the person, made if need be; its memberships become those that the directory gives today.

    What an administrator gave by hand stays as it is. Somebody whom the directory gives nothing gets no account, but
    may have one since before, perhaps without any membership left.

    Raises:
        NotAdmitted: they may not come in; nothing was changed.
    """
    grants = mapping.grants(person)
    places = {unit: _place(session, unit) for unit in sorted({grant.unit for grant in grants})}
    # Two tabs of one new person make one account.
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": _key(person)})
    account = session.get(DirectoryAccount, (person.issuer, person.subject))
    if account is not None:
        user = session.get_one(User, account.user_id)
        if not user.active:
            raise NotAdmitted(Refusal.SWITCHED_OFF)
        user.first_name, user.last_name = _names(person)
    elif grants:
        user = _join(session, person, places[min(grants).unit])
    else:
        raise NotAdmitted(Refusal.NO_MEMBERSHIP)
    _synchronise(session, user, person, {_Pair(places[grant.unit], grant.role) for grant in grants})
    return int(user.id)


def link(session: Session, username: str, issuer: str, subject: str) -> None:
    """From now on the owner of the account signs in as the directory's `subject`, and no longer with a password.

    Raises:
        NotFound: there is no such account.
        Duplicate: the account, or the subject, is linked already.
    """
    user = session.scalar(select(User).where(User.username == username))
    if user is None:
        raise NotFound("person", username)
    session.add(DirectoryAccount(issuer=issuer, subject=subject, user_id=user.id))
    session.flush()
    user.password = None
    events.record_for_portal(session, None, "person_changed", username, after={"issuer": issuer, "subject": subject})


def has_directory(session: Session, user_id: int) -> bool:
    """Whether the owner of the account signs in through a directory, and so has no password here."""
    query = select(DirectoryAccount.user_id).where(DirectoryAccount.user_id == user_id)
    return session.scalar(query) is not None


def _key(person: DirectoryPerson) -> str:
    """Raises NotAdmitted if the directory does not say who this is."""
    if not (person.subject.isprintable() and 0 < len(person.subject) <= LONGEST_SUBJECT):
        raise NotAdmitted(Refusal.INCOMPLETE, "subject")
    return f"{person.issuer} {person.subject}"


def _place(session: Session, unit: str) -> Place:
    try:
        return get_place(session, unit)
    except NotFound:
        raise NotAdmitted(Refusal.UNKNOWN_UNIT, unit) from None


def _join(session: Session, person: DirectoryPerson, first_unit: Place) -> User:
    """Make the account. A name or an address that is somebody else's is never taken to be the same person's."""
    try:
        username = read_username(person.username.partition("@")[0])
    except InvalidInput:
        raise NotAdmitted(Refusal.INCOMPLETE, "username") from None
    if session.scalar(select(User.id).where(func.lower(User.username) == username)) is not None:
        raise NotAdmitted(Refusal.NAME_TAKEN, username)
    first, last = _names(person)
    user_id = session.scalars(select(func.nextval("ab_user_id_seq"))).one()
    user = User(
        id=user_id,
        first_name=first,
        last_name=last,
        username=username,
        email=_free_email(session, person) or f"{user_id}{NO_EMAIL}",
        active=True,
        login_count=0,
        fail_login_count=0,
    )
    session.add(user)
    session.flush()
    session.add(DirectoryAccount(issuer=person.issuer, subject=person.subject, user_id=user_id))
    _record(session, "person_added", username, first_unit, {"name": full_name(first, last), "origin": person.origin})
    return user


def _names(person: DirectoryPerson) -> tuple[str, str]:
    """Given and family name as they fit the account; the user name for a person without any."""
    first, last, whole = (
        "".join(each for each in name if each.isprintable())[:LONGEST_NAME]
        for name in (person.first_name, person.last_name, person.full_name)
    )
    if first and last:
        return first, last
    return split_name(whole or last + first or person.username[:LONGEST_NAME])


def _free_email(session: Session, person: DirectoryPerson) -> str | None:
    """The address, unless it is none or somebody else's."""
    try:
        address = read_email(person.email)
    except InvalidInput:
        return None
    taken = address is not None and session.scalar(select(User.id).where(func.lower(User.email) == address)) is not None
    return None if taken else address


def _synchronise(session: Session, user: User, person: DirectoryPerson, wanted: set[_Pair]) -> None:
    """Add and end the memberships that are the directory's; look at the others only to keep out of their way."""
    today = clock.today()
    standing = list(
        session.scalars(
            select(Membership).where(
                Membership.user_id == user.id, or_(Membership.valid_to.is_(None), Membership.valid_to >= today)
            )
        )
    )
    keys = {(pair.place.id, pair.role) for pair in wanted}
    for held in standing:
        if held.origin == person.origin and (held.unit_id, held.role) not in keys:
            _end(session, user, held, today - timedelta(days=1))
    for pair in sorted(wanted, key=lambda each: (each.place.path, each.role)):
        same = [held for held in standing if (held.unit_id, held.role) == (pair.place.id, pair.role)]
        if not any(held.valid_from <= today for held in same):
            _give(session, user, person, pair, today, min((held.valid_from for held in same), default=None))


def _give(
    session: Session, user: User, person: DirectoryPerson, pair: _Pair, today: date, next_begins: date | None
) -> None:
    """Open-ended, unless the same role is to begin later by hand."""
    last_day = next_begins - timedelta(days=1) if next_begins else None
    session.add(
        Membership(
            user_id=user.id,
            unit_id=pair.place.id,
            unit_path=pair.place.path,
            role=pair.role,
            valid_from=today,
            valid_to=last_day,
            origin=person.origin,
        )
    )
    after = {"role": pair.role, "valid_from": today, "valid_to": last_day, "origin": person.origin}
    _record(session, "role_granted", user.username, pair.place, after)


def _end(session: Session, user: User, held: Membership, last_day: date) -> None:
    held.valid_to = last_day
    after = {"role": held.role, "valid_to": last_day, "origin": held.origin}
    _record(session, "role_ended", user.username, session.get_one(Unit, held.unit_id), after)


def _record(session: Session, kind: str, username: str, unit: Place | Unit, after: dict[str, object]) -> None:
    events.record_by(session, PORTAL, kind, username, unit.code, unit.root_id, after=after)
