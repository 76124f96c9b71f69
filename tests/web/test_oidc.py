"""Signing in at an OIDC provider, whose answers are true, forged, late or somebody else's."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask_appbuilder.security.sqla.models import User
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from portal.db import identity_transaction
from portal.domain.policy import Role
from portal.models import DirectoryAccount, Membership, Unit
from tests.web.conftest import PASSWORD, Browser, Site, sound
from tests.web.oidc_provider import Provider, running

# The provider uses parts of Authlib that are to go, and signs with nothing if it is told to.
pytestmark = pytest.mark.filterwarnings(
    "ignore::authlib.deprecate.AuthlibDeprecationWarning",
    "ignore:get_jwt_config:DeprecationWarning",
    "ignore:JWS algorithm:joserfc.errors.SecurityWarning",
)

MAPPING = """
rules:
  - {attribute: huizong_roles, value: "hz:{role}", unit_attribute: unit_code}
  - {attribute: groups, value: "{unit}/reviewer", role: reviewer}
"""
FAILED = "统一身份认证没有完成"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running() as started:
        yield started


@pytest.fixture(autouse=True)
def honest(provider: Provider) -> None:
    provider.honest()


@pytest.fixture(scope="module")
def environ(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    place: Path = tmp_path_factory.mktemp("oidc")
    (place / "mapping.yaml").write_text(MAPPING)
    (place / "secret").write_text("geheim\n")
    return {
        "HUIZONG_SIGN_IN": "oidc",
        "HUIZONG_EMERGENCY_ACCOUNTS": "root",
        "HUIZONG_DIRECTORY_MAPPING": str(place / "mapping.yaml"),
        "HUIZONG_OIDC_ISSUER": provider.address,
        "HUIZONG_OIDC_CLIENT_ID": "huizong",
        "HUIZONG_OIDC_CLIENT_SECRET_FILE": str(place / "secret"),
    }


def person(provider: Provider, subject: str, unit: str = "d111", *roles: str, **claims: Any) -> None:
    """Somebody at the provider; a filler unless other roles are named."""
    names = {"preferred_username": subject, "family_name": "张", "given_name": "安娜"}
    granted = {"unit_code": unit, "huizong_roles": [f"hz:{role}" for role in roles or ("filler",)]}
    provider.person(subject, **names | granted | claims)


def leave(browser: Browser, query: str = "") -> str:
    """Where the button leads."""
    response = browser.client.get(f"/login/oidc/{query}")
    assert response.status_code == 302
    return str(response.location)


def come_back(browser: Browser, address: str) -> str:
    """Follow the provider back to us; gives where we lead."""
    response = browser.client.get(address.removeprefix("http://localhost"))
    assert response.status_code == 302
    return str(response.location)


def sign_in(browser: Browser, provider: Provider, subject: str, query: str = "") -> str:
    return come_back(browser, provider.sign_in(leave(browser, query), subject))


def refused(browser: Browser, why: str) -> None:
    """Nobody is signed in, and the sign-in page says why."""
    page = browser.get("/login/")
    assert why in page.text
    assert browser.client.get("/tasks/").status_code == 302


def memberships(username: str) -> set[tuple[str, str, bool, str | None]]:
    """(unit, role, still valid, origin) of everything the person ever was."""
    with identity_transaction() as session:
        query = (
            select(Unit.code, Membership.role, Membership.valid_to.is_(None), Membership.origin)
            .join(Unit, Unit.id == Membership.unit_id)
            .join(User, User.id == Membership.user_id)
            .where(User.username == username)
        )
        return {tuple(row) for row in session.execute(query)}


def test_the_sign_in_page_leads_to_the_provider_and_keeps_a_way_for_emergencies(site: Site) -> None:
    page = site.anonymous().get("/login/?next=/tasks/")
    assert "统一身份认证登录" in page.text
    assert "应急登录" in page.text
    assert page.all("a", href="/login/oidc/?next=/tasks/") or page.all("a", href="/login/oidc/?next=%2Ftasks%2F")


def test_the_request_carries_state_nonce_and_a_sha256_challenge(site: Site, provider: Provider) -> None:
    address = leave(site.anonymous())
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{provider.address}/oauth2/authorize?")
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://localhost/login/oidc/back"
    assert asked["response_type"] == "code"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 20


def test_the_first_sign_in_makes_the_account_with_what_the_directory_gives(site: Site, provider: Provider) -> None:
    person(provider, "anna", "d111", "filler", "checker", email="anna@bureau.example", email_verified=True)
    browser = site.anonymous()
    assert sign_in(browser, provider, "anna", "?next=/tasks/") == "/tasks/"
    assert "张安娜" in browser.get("/tasks/").text
    assert memberships("anna") == {("d111", "filler", True, "oidc"), ("d111", "checker", True, "oidc")}
    with identity_transaction() as session:
        user = session.scalars(select(User).where(User.username == "anna")).one()
        assert (user.email, user.password) == ("anna@bureau.example", None)


def test_a_later_sign_in_adds_and_ends_just_what_the_directory_gave(site: Site, provider: Provider) -> None:
    person(provider, "bert", "d111", "filler", "checker")
    sign_in(site.anonymous(), provider, "bert")
    with identity_transaction() as session:
        user_id = session.scalars(select(User.id).where(User.username == "bert")).one()
    site.employ(user_id, "c12", Role.REVIEWER)
    person(provider, "bert", "d111", "filler", "head", groups=["c12/reviewer", "staff"])
    assert sign_in(site.anonymous(), provider, "bert") == "/"
    assert memberships("bert") == {
        ("d111", "filler", True, "oidc"),
        ("d111", "checker", False, "oidc"),
        ("d111", "head", True, "oidc"),
        ("c12", "reviewer", True, None),
    }
    person(provider, "bert", "d111", "checker")
    sign_in(site.anonymous(), provider, "bert")
    assert {row for row in memberships("bert") if row[2]} == {
        ("d111", "checker", True, "oidc"),
        ("c12", "reviewer", True, None),
    }


def test_who_loses_everything_is_not_let_in_and_keeps_nothing(site: Site, provider: Provider) -> None:
    person(provider, "carl")
    browser = site.anonymous()
    sign_in(browser, provider, "carl")
    person(provider, "carl", huizong_roles=[])
    other = site.anonymous()
    sign_in(other, provider, "carl")
    refused(other, "没有给您分配单位和任职")
    assert memberships("carl") == {("d111", "filler", False, "oidc")}
    assert browser.client.get("/tasks/").status_code == 403


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"huizong_roles": []}, "没有给您分配单位和任职"),
        ({"unit_code": "d999"}, "给出的单位“d999”在本系统中没有"),
        ({"unit_code": None}, "在本系统中没有"),
        ({"huizong_roles": ["hz:boss"]}, "“hz:boss”不是本系统的任职"),
        ({"huizong_roles": ["hz:filler", "hz:system_admin"]}, "“hz:system_admin”不是本系统的任职"),
        ({"preferred_username": ""}, "资料不完整"),
        ({"preferred_username": "x" * 80}, "资料不完整"),
    ],
)
def test_a_stranger_whom_the_mapping_does_not_place_gets_no_account(
    site: Site, provider: Provider, caplog: pytest.LogCaptureFixture, claims: dict[str, Any], why: str
) -> None:
    person(provider, "dora", **claims)
    browser = site.anonymous()
    with caplog.at_level(logging.WARNING, "portal.web.directories"):
        sign_in(browser, provider, "dora")
    refused(browser, why)
    assert "dora" in caplog.text
    with identity_transaction() as session:
        assert session.scalar(select(DirectoryAccount).where(DirectoryAccount.subject == "dora")) is None


def test_the_same_name_or_address_does_not_make_one_the_owner_of_an_account(site: Site, provider: Provider) -> None:
    owner = site.account("emil")
    site.employ(owner, "p1", Role.UNIT_ADMIN)
    person(provider, "thief", preferred_username="Emil", email="emil@example.invalid", email_verified=True)
    browser = site.anonymous()
    sign_in(browser, provider, "thief")
    refused(browser, "属于另一个账号")
    person(provider, "thief", preferred_username="thief", email="emil@example.invalid", email_verified=True)
    sign_in(browser, provider, "thief")
    assert "d111 民政局" in browser.get("/tasks/").text
    with identity_transaction() as session:
        thief = session.scalars(select(User).where(User.username == "thief")).one()
        assert (thief.id != owner, thief.email) == (True, f"{thief.id}@no-email.invalid")


def test_an_address_that_nobody_has_verified_is_not_kept(site: Site, provider: Provider) -> None:
    person(provider, "gina", email="someone@bureau.example")
    sign_in(site.anonymous(), provider, "gina")
    with identity_transaction() as session:
        email = session.scalars(select(User.email).where(User.username == "gina")).one()
        assert email.endswith("@no-email.invalid")


def test_an_account_is_known_by_its_subject_when_every_name_changes(site: Site, provider: Provider) -> None:
    person(provider, "s-1", preferred_username="hans")
    sign_in(site.anonymous(), provider, "s-1")
    person(provider, "s-1", preferred_username="hansi", family_name="李", given_name="四")
    browser = site.anonymous()
    sign_in(browser, provider, "s-1")
    assert "李四" in browser.get("/tasks/").text
    with identity_transaction() as session:
        assert session.scalar(select(User).where(User.username == "hansi")) is None


def test_an_account_switched_off_stays_out(site: Site, provider: Provider) -> None:
    person(provider, "ida")
    sign_in(site.anonymous(), provider, "ida")
    with identity_transaction() as session:
        session.scalars(select(User).where(User.username == "ida")).one().active = False
    browser = site.anonymous()
    sign_in(browser, provider, "ida")
    refused(browser, "已在本系统中停用")


# --- Answers that prove nothing -----------------------------------------------------------------------------------


def claiming(**changes: Any) -> Any:
    """A lie: these claims instead; None leaves one out."""
    return lambda claims: {name: value for name, value in (claims | changes).items() if value is not None}


LIES = {
    "expired": claiming(exp=int(time.time()) - 3600),
    "never expires": claiming(exp=None),
    "made in the future": claiming(iat=int(time.time()) + 3600),
    "of another audience": claiming(aud="somebody-else"),
    "of another audience, in our name": claiming(aud="somebody-else", azp="huizong"),
    "of many audiences, for another": claiming(aud=["huizong", "somebody-else"], azp="somebody-else"),
    "of no audience": claiming(aud=None),
    "of another issuer": claiming(iss="https://elsewhere.example"),
    "of no issuer": claiming(iss=None),
    "with another nonce": claiming(nonce="another"),
    "without a nonce": claiming(nonce=None),
    "of nobody": claiming(sub=None),
    "of somebody else than the user info": claiming(sub="anna"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_token_is_refused(site: Site, provider: Provider, lie: Any) -> None:
    person(provider, "mallory")
    provider.lie = lie
    browser = site.anonymous()
    assert sign_in(browser, provider, "mallory", "?next=/tasks/") == "/login/"
    refused(browser, FAILED)
    assert memberships("mallory") == set()


def test_a_token_with_nothing_changed_in_it_is_taken(site: Site, provider: Provider) -> None:
    """What the tests above change is what makes them fail."""
    person(provider, "nora")
    provider.lie = claiming()
    assert sign_in(site.anonymous(), provider, "nora", "?next=/tasks/") == "/tasks/"


FORGERIES = {
    "another key": (RSAKey.generate_key(2048), "RS256"),
    "the client's secret": (OctKey.import_key("geheim" * 8), "HS256"),
    "nothing": (OctKey.import_key("x" * 32), "none"),
}


@pytest.mark.parametrize(("key", "algorithm"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_token_signed_with_something_else_is_refused(
    site: Site, provider: Provider, key: RSAKey | OctKey, algorithm: str
) -> None:
    person(provider, "mallory")
    provider.key, provider.algorithm = key, algorithm
    provider.lie = claiming(at_hash=None)  # which would not fit the other algorithm
    browser = site.anonymous()
    sign_in(browser, provider, "mallory")
    refused(browser, FAILED)
    assert memberships("mallory") == set()


def test_an_answer_to_somebody_elses_question_is_refused(site: Site, provider: Provider) -> None:
    """A link that would sign the victim in as the attacker."""
    person(provider, "anna")
    attackers = provider.sign_in(leave(site.anonymous()), "anna")
    for victim in (site.anonymous(), site.anonymous()):
        leave(victim)
        come_back(victim, attackers)
        refused(victim, FAILED)


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?error=access_denied&state=x", "?code=x&state=%00"])
def test_an_answer_without_a_question_is_refused(site: Site, query: str) -> None:
    browser = site.anonymous()
    response = browser.client.get(f"/login/oidc/back{query}")
    if response.status_code != 400:
        assert response.location == "/login/"
        refused(browser, FAILED)


def test_an_answer_counts_once(site: Site, provider: Provider) -> None:
    person(provider, "anna")
    browser = site.anonymous()
    answer = provider.sign_in(leave(browser), "anna")
    come_back(browser, answer)
    browser.post("/logout/")
    come_back(browser, answer)
    refused(browser, FAILED)
    leave(browser)
    state = parse_qs(urlsplit(leave(browser)).query)["state"][0]
    code = parse_qs(urlsplit(answer).query)["code"][0]
    come_back(browser, f"/login/oidc/back?code={code}&state={state}")
    refused(browser, FAILED)


def test_an_answer_that_names_another_issuer_is_refused(site: Site, provider: Provider) -> None:
    person(provider, "anna")
    browser = site.anonymous()
    come_back(browser, provider.sign_in(leave(browser), "anna") + "&iss=https://elsewhere.example")
    refused(browser, FAILED)


def test_many_attempts_do_not_fill_the_cookie(site: Site, provider: Provider) -> None:
    browser = site.anonymous()
    for _attempt in range(20):
        leave(browser)
    cookie = browser.client.get_cookie("huizong")
    assert cookie is not None
    assert len(cookie.value) < 2500


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"])
def test_signing_in_does_not_lead_to_another_site(site: Site, provider: Provider, elsewhere: str) -> None:
    person(provider, "anna")
    location = sign_in(site.anonymous(), provider, "anna", f"?next={elsewhere}")
    assert location in {"/", "/%5Celsewhere.example"}


# --- Passwords, and signing out -----------------------------------------------------------------------------------


def by_password(browser: Browser, username: str) -> str:
    token = browser.get("/login/").all("input", name="csrf_token")[0]["value"]
    fields = {"csrf_token": token, "username": username, "password": PASSWORD}
    return str(browser.client.post("/login/", data=fields).location)


def test_passwords_count_in_emergencies_only(site: Site) -> None:
    for name in ("root", "kurt"):
        site.employ(site.account(name), "p1", Role.SYSTEM_ADMIN, Role.FILLER)
    browser = site.anonymous()
    by_password(browser, "kurt")
    refused(browser, "用户名或密码不对")
    assert by_password(browser, "root") == "/"
    assert browser.client.get("/tasks/").status_code == 200


def test_signing_out_leads_on_to_the_provider(site: Site, provider: Provider) -> None:
    person(provider, "anna")
    browser = site.anonymous()
    sign_in(browser, provider, "anna")
    page = sound(browser.post("/logout/"))
    there = page.all("a", **{"class": "button button-primary"})[0]["href"]
    assert there.startswith(f"{provider.address}/oauth2/end_session?")
    asked = parse_qs(urlsplit(there).query)
    assert asked["post_logout_redirect_uri"] == ["http://localhost/login/oidc/signed-out"]
    assert asked["client_id"] == ["huizong"]
    assert page.all("meta", **{"http-equiv": "refresh"})[0]["content"] == f"0; url={there}"
    assert browser.client.get("/tasks/").status_code == 302
    assert browser.client.get("/login/oidc/signed-out").location == "/login/"


def test_signing_out_after_a_password_stays_here(site: Site) -> None:
    browser = site.signed_in(site.account("lena"))
    assert browser.post("/logout/").location == "/"
