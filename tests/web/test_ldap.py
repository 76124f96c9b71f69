"""Signing in with the name and password of an LDAP directory: a real slapd, started by the test."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from portal.db import identity_transaction
from portal.domain.directory import DirectoryMapping, DirectoryUnavailable, GrantRule
from portal.domain.policy import Role
from portal.models import DirectoryAccount, Membership, Unit
from portal.sign_in_settings import LdapSettings, SignInSettings
from tests.web import ldap_server
from tests.web.conftest import PASSWORD as LOCAL_PASSWORD
from tests.web.conftest import Browser, Site
from tests.web.ldap_server import BASE, GROUPS, PASSWORD, READER, READERS_PASSWORD, Directory

MAPPING = f"""
rules:
  - {{attribute: memberof, value: "CN={{unit}}-{{role}},{GROUPS}"}}
"""
LOOKING = DirectoryMapping((GrantRule("memberOf", "x", unit="d111", role=Role.FILLER),))


@pytest.fixture(scope="module")
def directory() -> Iterator[Directory]:
    with ldap_server.running() as started:
        yield started


@pytest.fixture(scope="module")
def environ(directory: Directory, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    place: Path = tmp_path_factory.mktemp("ldap")
    (place / "mapping.yaml").write_text(MAPPING)
    (place / "password").write_text(READERS_PASSWORD)
    return {
        "HUIZONG_SIGN_IN": "ldap,oidc",
        "HUIZONG_EMERGENCY_ACCOUNTS": "root,lena",
        "HUIZONG_DIRECTORY_MAPPING": str(place / "mapping.yaml"),
        "HUIZONG_LDAP_URL": directory.url,
        "HUIZONG_LDAP_BASE": BASE,
        "HUIZONG_LDAP_BIND_DN": READER,
        "HUIZONG_LDAP_BIND_PASSWORD_FILE": str(place / "password"),
        "HUIZONG_LDAP_CA_FILE": str(directory.certificate),
        "HUIZONG_LDAP_USER_FILTER": "(&(objectClass=inetOrgPerson)(|(uid={username})(mail={username}))"
        "(!(employeeType=disabled)))",
        # A provider that is down: nothing listens there.
        "HUIZONG_OIDC_ISSUER": "http://localhost:9",
        "HUIZONG_OIDC_CLIENT_ID": "huizong",
        "HUIZONG_OIDC_CLIENT_SECRET_FILE": str(place / "password"),
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> LdapSettings:
    found = SignInSettings.load(environ).ldap
    assert found is not None
    return found


def sign_in(browser: Browser, username: str, password: str = PASSWORD) -> str:
    """Try to sign in; gives where it leads."""
    token = browser.get("/login/").all("input", name="csrf_token")[0]["value"]
    fields = {"csrf_token": token, "username": username, "password": password}
    return str(browser.client.post("/login/", data=fields).location)


def refused(browser: Browser, why: str) -> None:
    assert why in browser.get("/login/").text
    assert browser.client.get("/tasks/").status_code == 302


def standing(username: str) -> set[tuple[str, str, str | None]]:
    """(unit, role, origin) of what the person is now."""
    with identity_transaction() as session:
        query = (
            select(Unit.code, Membership.role, Membership.origin)
            .join(Unit, Unit.id == Membership.unit_id)
            .join(User, User.id == Membership.user_id)
            .where(User.username == username, Membership.valid_to.is_(None))
        )
        return {tuple(row) for row in session.execute(query)}


def test_name_and_password_of_the_directory_sign_in(site: Site, directory: Directory) -> None:
    dn = directory.person("anna", mail="anna@bureau.example")
    directory.group("d111-filler", dn)
    directory.group("staff", dn)
    browser = site.anonymous()
    assert sign_in(browser, "anna") == "/"
    assert "张安娜" in browser.get("/tasks/").text
    assert standing("anna") == {("d111", "filler", "ldap")}
    assert sign_in(site.anonymous(), "ANNA@bureau.example") == "/"
    with identity_transaction() as session:
        linked = session.scalars(select(DirectoryAccount.subject).join(User).where(User.username == "anna")).all()
    assert len(linked) == 1
    assert len(linked[0]) == 36


@pytest.mark.parametrize("password", ["wrong", "", PASSWORD + " ", PASSWORD.upper(), "\0", "x" * 5000])
def test_another_password_is_refused(site: Site, directory: Directory, password: str) -> None:
    name = f"bert{abs(hash(password))}"
    directory.group("d111-checker", directory.person(name))
    browser = site.anonymous()
    sign_in(browser, name, password)
    assert browser.client.get("/tasks/").status_code == 302
    assert standing(name) == set()


@pytest.mark.parametrize(
    "name",
    ["*", "car*", "carl)(uid=*", "*)(|(uid=*", "carl\\2a", " carl", "carl ", "ｃａｒｌ", "c\\61rl", "张安娜"],
)
def test_a_name_is_never_a_pattern_nor_another_spelling(site: Site, directory: Directory, name: str) -> None:
    if name == "*":
        directory.group("d111-head", directory.person("carl"))
    browser = site.anonymous()
    sign_in(browser, name)
    refused(browser, "用户名或密码不对")
    assert standing("carl") == set()


def test_failures_lock_a_name_that_has_never_signed_in(site: Site, directory: Directory) -> None:
    directory.group("d111-publisher", directory.person("dora"))
    browser = site.anonymous()
    for _attempt in range(5):
        sign_in(browser, "dora", "wrong")
    sign_in(browser, "Dora")
    refused(browser, "用户名或密码不对")


def test_groups_added_and_left_add_and_end_memberships(site: Site, directory: Directory) -> None:
    dn = directory.person("emil")
    directory.group("c12-reviewer", dn)
    sign_in(site.anonymous(), "emil")
    with identity_transaction() as session:
        user_id = session.scalars(select(User.id).where(User.username == "emil")).one()
    site.employ(user_id, "d121", Role.FILLER)
    directory.group("c12-reviewer")
    directory.group("c12-auditor", dn)
    assert sign_in(site.anonymous(), "emil") == "/"
    assert standing("emil") == {("c12", "auditor", "ldap"), ("d121", "filler", None)}
    directory.group("c12-auditor")
    assert sign_in(site.anonymous(), "emil") == "/"
    assert standing("emil") == {("d121", "filler", None)}


def test_an_unknown_unit_or_role_refuses(site: Site, directory: Directory) -> None:
    dn = directory.person("frid")
    directory.group("d999-filler", dn)
    browser = site.anonymous()
    sign_in(browser, "frid")
    refused(browser, "“d999”在本系统中没有")
    directory.group("d999-filler")
    directory.group("d111-boss", dn)
    sign_in(browser, "frid")
    refused(browser, "不是本系统的任职")


def test_somebody_disabled_in_the_directory_or_here_does_not_sign_in(site: Site, directory: Directory) -> None:
    dn = directory.person("gina")
    directory.group("d111-legal_reviewer", dn)
    assert sign_in(site.anonymous(), "gina") == "/"
    with identity_transaction() as session:
        session.scalars(select(User).where(User.username == "gina")).one().active = False
    browser = site.anonymous()
    sign_in(browser, "gina")
    refused(browser, "已在本系统中停用")
    directory.change(dn, "employeeType", "disabled")
    sign_in(browser, "gina")
    refused(browser, "用户名或密码不对")


def test_an_entry_with_the_name_of_an_account_here_is_somebody_else(site: Site, directory: Directory) -> None:
    site.employ(site.account("root"), "p1", Role.SYSTEM_ADMIN, Role.FILLER)
    site.employ(site.account("kurt"), "p1", Role.UNIT_ADMIN)
    for name in ("root", "kurt"):
        directory.group(f"d11{'12'[name == 'kurt']}-filler", directory.person(name))
    browser = site.anonymous()
    sign_in(browser, "kurt")
    refused(browser, "“kurt”在本系统中属于另一个账号")
    sign_in(browser, "root")
    refused(browser, "用户名或密码不对")
    assert sign_in(site.anonymous(), "root", LOCAL_PASSWORD) == "/"


def test_a_password_here_does_not_outlive_the_directory(site: Site, directory: Directory) -> None:
    directory.group("c21-filler", directory.person("lena"))
    sign_in(site.anonymous(), "lena")
    with identity_transaction() as session:
        kurt = session.scalars(select(User.password).where(User.username == "kurt")).one()
        session.scalars(select(User).where(User.username == "lena")).one().password = kurt
    browser = site.anonymous()
    sign_in(browser, "lena", LOCAL_PASSWORD)
    refused(browser, "用户名或密码不对")


def test_programs_sign_in_with_the_directory_too(site: Site, directory: Directory) -> None:
    directory.group("d211-filler", directory.person("mona"))
    client = site.app.test_client()
    fields = {"username": "mona", "password": PASSWORD}
    assert "access_token" in client.post("/api/v1/security/login", json=fields).get_json()
    refusal = client.post("/api/v1/security/login", json=fields | {"password": "wrong"})
    assert (refusal.status_code, refusal.get_json()["code"]) == (401, "invalid_credentials")


def test_a_provider_that_is_down_is_named_and_passwords_still_count(site: Site) -> None:
    browser = site.anonymous()
    assert browser.client.get("/login/oidc/").location == "/login/"
    refused(browser, "统一身份认证系统现在连不上")
    assert sign_in(browser, "root", LOCAL_PASSWORD) == "/"


# --- The connection -----------------------------------------------------------------------------------------------


def find(settings: LdapSettings, name: str = "olga", password: str = PASSWORD, **changes: object):
    from portal.web import ldap_directory  # noqa: PLC0415 - what it needs is an extra

    return ldap_directory.find(dataclasses.replace(settings, **changes), LOOKING, name, password)


@pytest.fixture(scope="module")
def olga(directory: Directory) -> str:
    dn = directory.person("olga")
    directory.group("trusted", dn, kind="groupOfUniqueNames")
    return dn


def test_both_ways_of_encrypting_work(settings: LdapSettings, directory: Directory, olga: str) -> None:
    assert settings.start_tls
    for found in (find(settings), find(settings, url=directory.tls_url, start_tls=False)):
        assert found is not None
        assert (found.username, found.first_name, found.last_name) == ("olga", "安娜", "张")


@pytest.mark.parametrize("tls", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    settings: LdapSettings, directory: Directory, olga: str, tls: bool
) -> None:
    url = directory.tls_url if tls else directory.url
    with pytest.raises(DirectoryUnavailable):
        find(settings, url=url, start_tls=not tls, ca_file=None)


def test_a_certificate_of_another_host_is_refused(settings: LdapSettings, directory: Directory, olga: str) -> None:
    with pytest.raises(DirectoryUnavailable):
        find(settings, url=directory.tls_url.replace("127.0.0.1", "localhost"), start_tls=False)


@pytest.mark.parametrize("name", ["olga", ""])
def test_an_empty_password_or_name_is_not_tried(settings: LdapSettings, olga: str, name: str) -> None:
    """This directory takes an empty password for a sign-in as nobody in particular, as many do."""
    assert find(settings, name, "") is None
    assert find(settings, "", PASSWORD) is None


def test_the_directory_may_insist_on_encryption(settings: LdapSettings, olga: str) -> None:
    with pytest.raises(DirectoryUnavailable):
        find(settings, start_tls=False)


def test_a_reader_whom_the_directory_refuses_is_not_a_wrong_password(settings: LdapSettings, olga: str) -> None:
    with pytest.raises(DirectoryUnavailable):
        find(settings, bind_password="wrong")


def test_a_directory_that_is_down_is_named(settings: LdapSettings) -> None:
    with pytest.raises(DirectoryUnavailable):
        find(settings, url="ldap://127.0.0.1:9")


def test_groups_are_looked_for_where_entries_do_not_name_them(settings: LdapSettings, olga: str) -> None:
    without, found = find(settings), find(settings, group_filter="(uniqueMember={dn})")
    assert without is not None
    assert found is not None
    assert without.attributes["memberOf"] == ()
    assert found.attributes["memberOf"] == (f"cn=trusted,{GROUPS}",)


def test_a_name_that_two_entries_have_is_nobodys(settings: LdapSettings, directory: Directory) -> None:
    for name in ("paul", "paula"):
        directory.person(name, mail="office@bureau.example")
    assert find(settings, "office@bureau.example") is None
    assert find(settings, "paul") is not None


def test_the_entrys_name_may_stand_for_the_person(settings: LdapSettings, olga: str) -> None:
    found = find(settings, subject_attribute="dn")
    assert found is not None
    assert found.subject == olga


def test_a_subject_that_the_reader_may_not_see_is_missing(settings: LdapSettings, olga: str) -> None:
    found = find(settings, subject_attribute="employeeNumber")
    assert found is not None
    assert found.subject == ""
