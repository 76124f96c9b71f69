"""How people sign in to one installation: local passwords, an LDAP directory, an OIDC provider."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from portal.environment import ConfigInvalid, Environ, flag

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Way(StrEnum):
    """A way of signing in."""

    PASSWORD = "password"  # noqa: S105 - not one
    LDAP = "ldap"
    OIDC = "oidc"


@dataclass(frozen=True)
class OidcSettings:
    """An OIDC provider.

    Attributes:
        issuer: its address as it stands in its tokens, without a trailing slash unless the tokens have one.
        scopes: asked for, separated by spaces; `openid` is among them.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str


@dataclass(frozen=True)
class LdapSettings:
    """An LDAP directory.

    Attributes:
        url: ldap:// or ldaps://.
        start_tls: encrypt before anything is said; always so except on ldaps:// and where it is switched off.
        ca_file: certificates that the server's is checked with; the system's own for none. It is always checked.
        bind_dn: who looks for people; nobody in particular if empty.
        user_filter: finds the person; `{username}` stands for what was typed.
        username_attribute: what the account is called.
        subject_attribute: never given to anybody else; `dn` for the entry's name.
        group_filter: finds a person's groups below `base`, `{dn}` being the person; they are added to `memberOf`.
            Not needed where the directory keeps memberOf itself.
    """

    url: str
    base: str
    start_tls: bool
    ca_file: Path | None
    bind_dn: str
    bind_password: str = field(repr=False)
    user_filter: str
    username_attribute: str
    subject_attribute: str
    group_filter: str


@dataclass(frozen=True)
class SignInSettings:
    """What the sign-in page offers.

    Attributes:
        ways: at least one.
        emergency_accounts: user names of local accounts that sign in with their password whatever the ways are.
        second_factor_roles: names of the roles whose holders must have a second factor.
        mapping_file: turns what a directory says into memberships; there is one if LDAP or OIDC is among the ways.
    """

    ways: frozenset[Way] = frozenset({Way.PASSWORD})
    emergency_accounts: frozenset[str] = frozenset()
    second_factor_roles: frozenset[str] = frozenset()
    mapping_file: Path | None = None
    oidc: OidcSettings | None = None
    ldap: LdapSettings | None = None

    @classmethod
    def load(cls, environ: Environ) -> Self:
        """Read the settings, and the files with secrets that they name.

        Raises:
            ConfigInvalid: a variable is missing or cannot be understood.
        """
        ways = _ways(environ)
        directory = bool(ways - {Way.PASSWORD})
        return cls(
            ways=ways,
            emergency_accounts=frozenset(_words(environ, "HUIZONG_EMERGENCY_ACCOUNTS")),
            second_factor_roles=frozenset(_words(environ, "HUIZONG_SECOND_FACTOR")),
            mapping_file=Path(_required(environ, "HUIZONG_DIRECTORY_MAPPING")).resolve() if directory else None,
            oidc=_oidc(environ) if Way.OIDC in ways else None,
            ldap=_ldap(environ) if Way.LDAP in ways else None,
        )

    def local_password(self, username: str) -> bool:
        """Whether the local account of this name may sign in with its password."""
        return Way.PASSWORD in self.ways or username in self.emergency_accounts


def _ways(environ: Environ) -> frozenset[Way]:
    words = _words(environ, "HUIZONG_SIGN_IN") or [Way.PASSWORD]
    unknown = [word for word in words if word not in set(Way)]
    if unknown:
        raise ConfigInvalid(f"HUIZONG_SIGN_IN may name {', '.join(Way)}, not {', '.join(unknown)}")
    return frozenset(Way(word) for word in words)


def _oidc(environ: Environ) -> OidcSettings:
    scopes = (environ.get("HUIZONG_OIDC_SCOPES") or "openid profile email").split()
    if "openid" not in scopes:
        raise ConfigInvalid("HUIZONG_OIDC_SCOPES must contain openid")
    issuer = _required(environ, "HUIZONG_OIDC_ISSUER")
    parts = urlsplit(issuer)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS):
        raise ConfigInvalid("HUIZONG_OIDC_ISSUER must begin with https://")
    return OidcSettings(
        issuer=issuer,
        client_id=_required(environ, "HUIZONG_OIDC_CLIENT_ID"),
        client_secret=_secret(environ, "HUIZONG_OIDC_CLIENT_SECRET_FILE", required=True),
        scopes=" ".join(scopes),
    )


def _ldap(environ: Environ) -> LdapSettings:
    url = _required(environ, "HUIZONG_LDAP_URL")
    if not re.match(r"ldaps?://[^/]", url):
        raise ConfigInvalid("HUIZONG_LDAP_URL must begin with ldap:// or ldaps://")
    user_filter = environ.get("HUIZONG_LDAP_USER_FILTER") or "(uid={username})"
    group_filter = environ.get("HUIZONG_LDAP_GROUP_FILTER", "")
    if "{username}" not in user_filter:
        raise ConfigInvalid("HUIZONG_LDAP_USER_FILTER must contain {username}")
    if group_filter and "{dn}" not in group_filter:
        raise ConfigInvalid("HUIZONG_LDAP_GROUP_FILTER must contain {dn}")
    ca_file = environ.get("HUIZONG_LDAP_CA_FILE")
    bind_dn = environ.get("HUIZONG_LDAP_BIND_DN", "")
    return LdapSettings(
        url=url,
        base=_required(environ, "HUIZONG_LDAP_BASE"),
        start_tls=url.startswith("ldap://") and flag(environ, "HUIZONG_LDAP_START_TLS", default=True),
        ca_file=Path(ca_file).resolve() if ca_file else None,
        bind_dn=bind_dn,
        bind_password=_secret(environ, "HUIZONG_LDAP_BIND_PASSWORD_FILE", required=bool(bind_dn)),
        user_filter=user_filter,
        username_attribute=environ.get("HUIZONG_LDAP_USERNAME_ATTRIBUTE") or "uid",
        subject_attribute=environ.get("HUIZONG_LDAP_SUBJECT_ATTRIBUTE") or "entryUUID",
        group_filter=group_filter,
    )


def _words(environ: Environ, name: str) -> list[str]:
    return [word.strip() for word in environ.get(name, "").split(",") if word.strip()]


def _required(environ: Environ, name: str) -> str:
    text = environ.get(name, "")
    if not text:
        raise ConfigInvalid(f"{name} must be set for this HUIZONG_SIGN_IN")
    return text


def _secret(environ: Environ, name: str, *, required: bool) -> str:
    """The content of the file that the variable names; a trailing line break is not part of it."""
    if not required:
        return ""
    try:
        secret = Path(_required(environ, name)).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{name} names a file that cannot be read") from error
    if not secret:
        raise ConfigInvalid(f"{name} names an empty file")
    return secret
