"""Ways of signing in come from the environment; what is missing or unsafe is named before anybody signs in."""

from pathlib import Path

import pytest

from portal.environment import ConfigInvalid
from portal.sign_in_settings import SignInSettings, Way


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "secret").write_text("geheim\n")
    return {
        "HUIZONG_SIGN_IN": "oidc, ldap",
        "HUIZONG_EMERGENCY_ACCOUNTS": "root, admin",
        "HUIZONG_DIRECTORY_MAPPING": str(tmp_path / "mapping.yaml"),
        "HUIZONG_OIDC_ISSUER": "https://id.example",
        "HUIZONG_OIDC_CLIENT_ID": "huizong",
        "HUIZONG_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret"),
        "HUIZONG_LDAP_URL": "ldap://ldap.example",
        "HUIZONG_LDAP_BASE": "dc=example",
        "HUIZONG_LDAP_BIND_DN": "cn=reader",
        "HUIZONG_LDAP_BIND_PASSWORD_FILE": str(tmp_path / "secret"),
    }


def test_passwords_are_the_way_unless_something_else_is_said() -> None:
    settings = SignInSettings.load({})
    assert settings.ways == {Way.PASSWORD}
    assert settings.local_password("anybody")


def test_directories_are_read_and_leave_passwords_to_emergencies(environ: dict[str, str]) -> None:
    settings = SignInSettings.load(environ)
    assert settings.oidc is not None
    assert settings.ldap is not None
    assert settings.oidc.client_secret == settings.ldap.bind_password == "geheim"
    assert settings.oidc.scopes == "openid profile email"
    assert settings.ldap.start_tls
    assert [settings.local_password(name) for name in ("root", "admin", "anna")] == [True, True, False]
    assert "geheim" not in repr(settings)


def test_ldaps_is_encrypted_already(environ: dict[str, str]) -> None:
    settings = SignInSettings.load(environ | {"HUIZONG_LDAP_URL": "ldaps://ldap.example"})
    assert settings.ldap is not None
    assert not settings.ldap.start_tls


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUIZONG_SIGN_IN", "oidc,saml"),
        ("HUIZONG_DIRECTORY_MAPPING", ""),
        ("HUIZONG_OIDC_ISSUER", ""),
        ("HUIZONG_OIDC_ISSUER", "http://id.example"),
        ("HUIZONG_OIDC_ISSUER", "http://localhost.example"),
        ("HUIZONG_OIDC_CLIENT_ID", ""),
        ("HUIZONG_OIDC_CLIENT_SECRET_FILE", "/nowhere"),
        ("HUIZONG_OIDC_CLIENT_SECRET_FILE", "/dev/null"),
        ("HUIZONG_OIDC_SCOPES", "profile"),
        ("HUIZONG_LDAP_URL", "http://ldap.example"),
        ("HUIZONG_LDAP_URL", "ldap:///"),
        ("HUIZONG_LDAP_BASE", ""),
        ("HUIZONG_LDAP_BIND_PASSWORD_FILE", ""),
        ("HUIZONG_LDAP_USER_FILTER", "(uid=anna)"),
        ("HUIZONG_LDAP_GROUP_FILTER", "(member=anna)"),
        ("HUIZONG_LDAP_START_TLS", "perhaps"),
    ],
)
def test_what_cannot_be_understood_is_named(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(ConfigInvalid, match=name):
        SignInSettings.load(environ | {name: value})
