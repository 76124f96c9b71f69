"""Accounts to try the portal with: the people of every unit, all with one password that each installation makes up."""

import csv
import io
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import identity_transaction
from portal.demo.people import person, username
from portal.domain.policy import Role
from portal.domain.units import Level, stands_among
from portal.models import Membership
from portal.queries.units import UnitRow, list_units
from portal.services.passwords import hash_password

FILENAME = "demo-accounts.csv"
COLUMNS = ("username", "password", "unit_code", "unit_name", "role")
_ADMIN_UNIT = "440000"
_VISITED_UNIT = "441800"
"""Where an outside auditor, and a partner from the bureau of justice (司法局), have a look for a time."""
_PARTNER_FORMS = ["FZ"]
_ON_LEAVE = ("441803", Role.HEAD, Role.CHECKER)
"""Unit, who is on leave just now, and who stands in."""
_SINCE = date(2019, 1, 1)


@dataclass(frozen=True)
class Account:
    """A role in a unit, to be played."""

    unit: UnitRow
    role: Role

    @property
    def username(self) -> str:
        """What to sign in as."""
        return username(self.unit.code, self.role)


def create(data_dir: Path, roots: Sequence[str]) -> dict[str, int]:
    """Create the accounts of all units below `roots` that are not there yet; gives user ids by user name.

    The accounts, with their password, are listed in `demo-accounts.csv` in the data directory, readable for its owner
    only. It is written before the accounts are, so that none can exist whose password nobody knows.
    """
    listing = data_dir / FILENAME
    with identity_transaction() as session:
        wanted = [
            Account(unit, role)
            for root in roots
            for unit in list_units(session, under=root)
            for role in _roles_of(unit)
        ]
        there = _user_ids(session, wanted)
        new = [account for account in wanted if account.username not in there]
        if new:
            listed = _listed(listing)
            password = listed[0]["password"] if listed else secrets.token_urlsafe(9)
            _write(listing, listed, new, password)
            _insert(session, new, password)
        return _user_ids(session, wanted)


def _roles_of(unit: UnitRow) -> Iterator[Role]:
    yield from (Role.FILLER, Role.CHECKER, Role.LEGAL_REVIEWER, Role.HEAD)
    if unit.has_children:
        yield Role.REVIEWER
    if unit.level is Level.PROVINCE or stands_among(unit.level, Level.CITY):
        yield Role.UNIT_ADMIN
    if unit.level is Level.PROVINCE:
        yield from (Role.PUBLISHER, Role.AUDITOR)
    if unit.code == _ADMIN_UNIT:
        yield Role.SYSTEM_ADMIN
    if unit.code == _VISITED_UNIT:
        yield from (Role.AUDITOR, Role.PARTNER)


def _user_ids(session: Session, accounts: list[Account]) -> dict[str, int]:
    names = [account.username for account in accounts]
    rows = session.execute(select(User.username, User.id).where(User.username.in_(names)))
    return {name: user_id for name, user_id in rows}  # noqa: C416 - dict() does not know that a row is a pair


def _insert(session: Session, accounts: list[Account], password: str) -> None:
    hashed = hash_password(password)  # one for all: a thousand would take minutes
    session.execute(insert(User), [_user(account, hashed) for account in accounts])
    ids = _user_ids(session, accounts)
    session.execute(insert(Membership), [_membership(account, ids[account.username]) for account in accounts])
    unit, absent, deputy = _ON_LEAVE
    head = next((account for account in accounts if account.username == username(unit, absent)), None)
    if head is not None:
        leave = {"valid_from": clock.today(), "valid_to": clock.today() + timedelta(days=14)}
        stand_in = _membership(head, ids[username(unit, deputy)]) | leave | {"deputy_for_id": ids[head.username]}
        session.execute(insert(Membership).values(stand_in))


def _membership(account: Account, user_id: int) -> dict[str, object]:
    visiting = account.unit.code == _VISITED_UNIT and account.role in {Role.AUDITOR, Role.PARTNER}
    return {
        "user_id": user_id,
        "unit_id": account.unit.id,
        "unit_path": account.unit.path,
        "role": account.role,
        "valid_from": clock.today() if visiting else _SINCE,
        "valid_to": clock.today() + timedelta(days=365) if visiting else None,
        "forms": _PARTNER_FORMS if account.role is Role.PARTNER else None,
        "deputy_for_id": None,
    }


def _user(account: Account, hashed: str) -> dict[str, object]:
    who = person(account.unit.code, account.role)
    return {
        "first_name": who.given,
        "last_name": who.family,
        "username": account.username,
        "password": hashed,
        "active": True,
        "email": f"{account.username}@demo.invalid",
        "login_count": 0,
        "fail_login_count": 0,
    }


def _listed(listing: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(listing.read_text(encoding="utf-8")))) if listing.exists() else []


def _write(listing: Path, listed: list[dict[str, str]], new: list[Account], password: str) -> None:
    """List the new accounts after those listed already; an account made again is listed once."""
    names = {account.username for account in new}
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for row in listed if row["username"] not in names)
    for account in new:
        row = (account.username, password, account.unit.code, account.unit.name, str(account.role))
        writer.writerow(dict(zip(COLUMNS, row, strict=True)))
    fresh = listing.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text.getvalue())
    fresh.replace(listing)
