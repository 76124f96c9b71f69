"""The directories that vouch for people here, as this installation's settings name them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flask import Flask, current_app

from portal.db import identity_transaction
from portal.domain.directory import (
    DirectoryMapping,
    DirectoryMappingInvalid,
    DirectoryPerson,
    NotAdmitted,
    Refusal,
    read_mapping,
)
from portal.environment import ConfigInvalid
from portal.queries.people import list_places
from portal.services import directory
from portal.sign_in_settings import SignInSettings

log = logging.getLogger(__name__)

_KEY = "huizong_directories"


FindInLdap = Callable[[str, str], DirectoryPerson | None]
"""Name and password → whose they are."""


@dataclass(frozen=True)
class Directories:
    """The settings, what the mapping file says, and the LDAP directory if there is one."""

    settings: SignInSettings
    mapping: DirectoryMapping
    find_in_ldap: FindInLdap | None


def install(app: Flask, settings: SignInSettings) -> None:
    """Make the directories known to the application.

    Raises:
        ConfigInvalid: the mapping file cannot be read or has mistakes, or python-ldap is missing.
    """
    mapping = _mapping(settings)
    app.extensions[_KEY] = Directories(settings, mapping, _ldap(settings, mapping))


def directories() -> Directories:
    """Those of the application."""
    found: Directories = current_app.extensions[_KEY]
    return found


def let_in(person: DirectoryPerson) -> int:
    """Id of the account of a person whom a directory vouches for, with the memberships it gives today.

    Raises:
        NotAdmitted: the portal does not let them in; on record in the log, with what it stumbled over.
    """
    try:
        return _let_in(person)
    except NotAdmitted as refusal:
        log.warning("not admitted: %r of %s (%r): %s", person.subject, person.issuer, person.username, refusal)
        raise


def _let_in(person: DirectoryPerson) -> int:
    with identity_transaction() as db_session:
        user_id = directory.admit(db_session, person, directories().mapping)
    # What the directory has taken back is gone by now, also for somebody who is then not let in.
    with identity_transaction() as db_session:
        if not list_places(db_session, user_id):
            raise NotAdmitted(Refusal.NO_MEMBERSHIP)
    return user_id


def _mapping(settings: SignInSettings) -> DirectoryMapping:
    if settings.mapping_file is None:
        return DirectoryMapping(())
    try:
        return read_mapping(settings.mapping_file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid("HUIZONG_DIRECTORY_MAPPING names a file that cannot be read") from error
    except DirectoryMappingInvalid as error:
        raise ConfigInvalid(f"HUIZONG_DIRECTORY_MAPPING: {error}") from error


def _ldap(settings: SignInSettings, mapping: DirectoryMapping) -> FindInLdap | None:
    if settings.ldap is None:
        return None
    try:
        from portal.web.ldap_directory import find  # noqa: PLC0415 - what it needs is an extra
    except ImportError as error:
        raise ConfigInvalid("HUIZONG_SIGN_IN names ldap, which needs python-ldap: install huizong[ldap]") from error
    return partial(find, settings.ldap, mapping)
