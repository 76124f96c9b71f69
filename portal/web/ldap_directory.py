"""Sign-in with the name and password of an LDAP directory: the person is looked for, then the password is tried.

Imported only where the settings ask for it, because python-ldap is an extra: it is compiled against OpenLDAP's library.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import ldap
from ldap.filter import escape_filter_chars
from ldap.ldapobject import SimpleLDAPObject

from portal.domain.directory import DirectoryMapping, DirectoryPerson, DirectoryUnavailable, Origin
from portal.sign_in_settings import LdapSettings

log = logging.getLogger(__name__)

ISSUER = "ldap"
_SECONDS = 5
_MEMBER_OF = "memberOf"
_DN = "dn"
_NAMES = ("givenName", "sn", "cn", "mail")
_NO_ATTRIBUTES = "1.1"
# What a directory says to a person who may not come in; anything else means that it does not work.
_REFUSALS = (ldap.INVALID_CREDENTIALS, ldap.INAPPROPRIATE_AUTH, ldap.UNWILLING_TO_PERFORM, ldap.CONSTRAINT_VIOLATION)

_Entry = tuple[str, dict[str, list[bytes]]]


def find(settings: LdapSettings, mapping: DirectoryMapping, name: str, password: str) -> DirectoryPerson | None:
    """The person with this name and password; None if there is none.

    Raises:
        DirectoryUnavailable: the directory does not answer, or not to the portal.
    """
    # An empty password would be an anonymous bind, which a directory grants to everybody.
    if not (name and name.isprintable() and password):
        return None
    try:
        with _connection(settings) as connection:
            connection.simple_bind_s(settings.bind_dn, settings.bind_password)
            found = _entry(connection, settings, mapping, name)
            groups = _groups(connection, settings, found[0]) if found else []
        if found is None or not _password_is(settings, found[0], password):
            return None
        return _person(settings, mapping, found, groups)
    except ldap.LDAPError as error:
        log.exception("the directory %s does not do what it should", settings.url)
        raise DirectoryUnavailable from error


@contextmanager
def _connection(settings: LdapSettings) -> Iterator[SimpleLDAPObject]:
    """Encrypted before anything is said, if the settings ask for it; referrals are not followed."""
    connection = ldap.initialize(settings.url)
    connection.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, _SECONDS)
    connection.set_option(ldap.OPT_TIMEOUT, _SECONDS)
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    if settings.ca_file is not None:
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(settings.ca_file))
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    try:
        if settings.start_tls:
            connection.start_tls_s()
        yield connection
    finally:
        connection.unbind_s()


def _entry(connection: SimpleLDAPObject, settings: LdapSettings, mapping: DirectoryMapping, name: str) -> _Entry | None:
    """The one entry of that name; with two of them it is nobody's."""
    wanted = {*_NAMES, settings.username_attribute, settings.subject_attribute, *mapping.attributes()}
    try:
        found = connection.search_ext_s(
            settings.base,
            ldap.SCOPE_SUBTREE,
            settings.user_filter.replace("{username}", escape_filter_chars(name)),
            attrlist=sorted(wanted - {_DN}),
            timeout=_SECONDS,
            sizelimit=2,
        )
    except ldap.SIZELIMIT_EXCEEDED:
        found = []
    entries = [(dn, attributes) for dn, attributes in found if dn]  # a referral has no name
    if len(entries) != 1 or not _is_called(entries[0], settings, name):
        return None
    return entries[0]


def _is_called(entry: _Entry, settings: LdapSettings, name: str) -> bool:
    """Whether the entry has the name as it was typed, but for capitals.

    A directory also overlooks blanks and the width of letters; failures to sign in are counted by name, and one person
    must not have any number of names to try passwords with.
    """
    attributes = {settings.username_attribute.lower(), "mail"}
    names = (value for each, values in entry[1].items() if each.lower() in attributes for value in _texts(values))
    return name.lower() in {each.lower() for each in names}


def _groups(connection: SimpleLDAPObject, settings: LdapSettings, dn: str) -> list[str]:
    """Names of the groups that list the person, where the directory does not keep memberOf itself."""
    if not settings.group_filter:
        return []
    query = settings.group_filter.replace("{dn}", escape_filter_chars(dn))
    found = connection.search_ext_s(
        settings.base, ldap.SCOPE_SUBTREE, query, attrlist=[_NO_ATTRIBUTES], timeout=_SECONDS
    )
    return [group for group, _attributes in found if group]


def _password_is(settings: LdapSettings, dn: str, password: str) -> bool:
    with _connection(settings) as connection:
        try:
            connection.simple_bind_s(dn, password)
        except _REFUSALS:
            return False
        return True


def _person(settings: LdapSettings, mapping: DirectoryMapping, found: _Entry, groups: list[str]) -> DirectoryPerson:
    dn, attributes = found
    values = {name.lower(): each for name, each in attributes.items()}

    def texts(attribute: str) -> tuple[str, ...]:
        """In the directory an attribute's name is the same in capitals."""
        said = _texts(values.get(attribute.lower(), ()))
        return (*said, *groups) if attribute.lower() == _MEMBER_OF.lower() else said

    def first(attribute: str) -> str:
        return next(iter(texts(attribute)), "")

    return DirectoryPerson(
        origin=Origin.LDAP,
        issuer=ISSUER,
        subject=dn if settings.subject_attribute == _DN else _subject(settings.subject_attribute, values),
        username=first(settings.username_attribute),
        first_name=first("givenName"),
        last_name=first("sn"),
        full_name=first("cn"),
        email=first("mail"),
        attributes={attribute: texts(attribute) for attribute in mapping.attributes()},
    )


def _subject(attribute: str, values: dict[str, list[bytes]]) -> str:
    """Active Directory's objectGUID is bytes; everybody else's is text. Empty if the portal may not read it."""
    value = next(iter(values.get(attribute.lower(), ())), b"")
    if attribute.lower() == "objectguid" and value:
        return str(UUID(bytes_le=value))
    return next(iter(_texts([value])), "")


def _texts(values: Iterable[bytes]) -> tuple[str, ...]:
    """Values that are text."""
    found = []
    for value in values:
        try:
            found.append(value.decode())
        except UnicodeDecodeError:
            continue
    return tuple(found)
