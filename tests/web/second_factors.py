"""What a person with a second factor holds in the hand."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pyotp
from werkzeug.test import TestResponse

from portal.clock import now
from portal.db import identity_transaction
from portal.domain.second_factor import STEP
from portal.services import second_factor
from portal.services.sign_in_events import Account
from tests.web.conftest import PASSWORD, Browser, Site, sound


@dataclass
class Authenticator:
    """The telephone, and the printed recovery codes."""

    secret: str
    recovery_codes: list[str]

    def code(self, *, later: int = 0) -> str:
        """What it shows so many steps later."""
        return pyotp.TOTP(self.secret).at(now() + timedelta(seconds=later * STEP))


def enrol(site: Site, user_id: int) -> Authenticator:
    """Give the person a second factor, confirmed with the code before the present one."""
    seal = second_factor.seal_of(site.app.secret_key)
    with identity_transaction() as session:
        second_factor.start(session, user_id, seal)
        secret = second_factor.unconfirmed_secret(session, user_id, seal)
        made = Authenticator(secret, [])
        account = Account(user_id, str(user_id))
        made.recovery_codes = second_factor.confirm(session, account, made.code(later=-1), seal, address="127.0.0.1")
    return made


def give_password(browser: Browser, username: str, password: str = PASSWORD, query: str = "") -> TestResponse:
    """The first step of signing in."""
    return send(browser, f"/login/{query}", {"username": username, "password": password})


def send(browser: Browser, path: str, fields: dict[str, str]) -> TestResponse:
    """Fill in the form of a page for whoever is not signed in yet."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.client.get(path).text)
    token = {"csrf_token": found[1]} if found else {}
    return browser.client.post(path, data=fields | token)


def shown_secret(browser: Browser) -> str:
    """The secret on the page that sets a second factor up."""
    page = browser.get("/account/second-factor/set-up")
    assert page.all("svg")
    return "".join(re.findall(r"<span>([A-Z2-7]+)</span>", page.source))


def shown_codes(response: TestResponse) -> list[str]:
    """The recovery codes on a page."""
    return re.findall(r"<li>((?:[2-9A-Z]{4}-){3}[2-9A-Z]{4})</li>", sound(response).source)
