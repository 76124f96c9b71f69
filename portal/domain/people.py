"""People as they are written down: names, user names, addresses; and the roles they are to hold."""

import re
from dataclasses import dataclass
from datetime import date

from portal.domain.actors import Role
from portal.errors import InvalidInput

LONGEST_NAME = 64
NO_EMAIL = "@no-email.invalid"
"""End of the e-mail address of a person without one: Flask-AppBuilder demands an address, and that it is unique."""

_USERNAME = re.compile(r"[a-z0-9][a-z0-9_.-]{1,63}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,200}\.[^@\s.]{1,63}")
_PHONE = re.compile(r"[0-9+() -]{5,32}", re.ASCII)


@dataclass(frozen=True)
class NewPerson:
    """Somebody to be added, as typed."""

    name: str
    username: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class NewRole:
    """A role to be held in a unit, from a day to a day (inclusive; None: until further notice).

    `forms` are the codes of the forms that a partner may see; nobody else's are limited.
    """

    unit: str
    role: Role
    valid_from: date
    valid_to: date | None = None
    forms: tuple[str, ...] = ()


def full_name(first: str, last: str) -> str:
    """The real name: Chinese family name first and no space, else given name, space, family name."""
    return f"{first} {last}".strip() if (first + last).isascii() else last + first


def split_name(name: str) -> tuple[str, str]:
    """Given and family name, such that `full_name` puts the same name together again.

    Raises:
        InvalidInput: there is none, or it is too long.
    """
    name = " ".join(name.split())
    if not name:
        raise InvalidInput("name", "missing")
    if len(name) > LONGEST_NAME:
        raise InvalidInput("name", "too_long", name)
    if name.isascii():
        first, _space, last = name.rpartition(" ")
        return (first, last) if first else (last, "")
    return name[1:], name[0]


def read_username(text: str) -> str:
    """What to sign in as, in small letters: it is the same in capitals.

    Raises:
        InvalidInput: it is none. An e-mail address is none either, for it may be somebody else's.
    """
    name = text.strip().lower()
    if not _USERNAME.fullmatch(name):
        raise InvalidInput("username", "not_a_username" if name else "missing", name)
    return name


def read_email(text: str) -> str | None:
    """An e-mail address in small letters; None for none.

    Raises:
        InvalidInput: it is no address.
    """
    address = text.strip().lower()
    if address and (not _EMAIL.fullmatch(address) or address.endswith(NO_EMAIL)):
        raise InvalidInput("email", "not_an_email", address)
    return address or None


def read_phone(text: str) -> str | None:
    """A telephone number as it was written; None for none.

    Raises:
        InvalidInput: it is no number.
    """
    number = " ".join(text.split())
    if number and not _PHONE.fullmatch(number):
        raise InvalidInput("phone", "not_a_phone", number)
    return number or None
