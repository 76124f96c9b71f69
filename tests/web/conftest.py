"""The application on a committed world, and browsers in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from portal import db
from portal.app import create_app
from portal.config import Config
from portal.db import identity_transaction
from portal.domain.policy import Role
from portal.domain.sign_in import SessionKind
from portal.models import Membership
from portal.queries.units import get_unit
from portal.services import web_sessions
from portal.web.permissions import sync_permissions
from portal.web.signing_in import access_token
from tests.databases import TestServer
from tests.web.html import Page
from tests.world import INSIDERS, World, build_world

PASSWORD = "Ein-langes-Passwort-22"
_HASH = generate_password_hash(PASSWORD, method="pbkdf2:sha256:1")  # quick to check; only for tests


@dataclass
class Browser:
    """A browser, in which somebody may be signed in."""

    client: FlaskClient

    def get(self, path: str, **request: Any) -> Page:
        """Open a page that must be there and be sound."""
        response = self.client.get(path, **request)
        assert response.status_code == 200, response.text
        return sound(response)

    def token(self) -> str:
        """The token against forged requests, from any page."""
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.client.get("/nowhere").text)
        assert found
        return found[1]

    def sign_in(self, username: str, password: str = PASSWORD, query: str = "") -> str:
        """Try to sign in; gives where it leads."""
        token = self.get("/login/").all("input", name="csrf_token")[0]["value"]
        fields = {"csrf_token": token, "username": username, "password": password}
        return self.client.post(f"/login/{query}", data=fields).location

    def post(self, path: str, fields: dict[str, Any] | None = None, **request: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(path, data={"csrf_token": self.token(), **(fields or {})}, **request)

    def patch(self, path: str, body: Any) -> TestResponse:
        """Send what a script of ours sends."""
        return self.client.patch(path, json=body, headers={"X-CSRFToken": self.token()})


def sound(response: TestResponse) -> Page:
    """The page of a response, well formed and labelled."""
    page = Page(response.text)
    assert page.faults == []
    return page


class Site:
    """The application on a world of its own."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app = app
        self.world = world

    def anonymous(self) -> Browser:
        return Browser(self.app.test_client())

    def account(self, username: str, **columns: Any) -> int:
        """Make an account; gives the person's id."""
        columns = {"first_name": "某", "last_name": "张", "active": True, "password": _HASH} | columns
        with identity_transaction() as session:
            user = User(username=username, email=f"{username}@example.invalid", **columns)
            session.add(user)
            session.flush()
            return user.id

    def employ(
        self, user_id: int, unit: str, *roles: Role, until: date | None = None, forms: list[str] | None = None
    ) -> None:
        """Give the person these roles in the unit; a partner must have an end and forms, so gets some."""
        with identity_transaction() as session:
            place = get_unit(session, unit)
            for role in roles:
                session.add(
                    Membership(
                        user_id=user_id,
                        unit_id=place.id,
                        unit_path=place.path,
                        role=role,
                        valid_from=date(2000, 1, 1),
                        valid_to=until or (date(2099, 12, 31) if role is Role.PARTNER else None),
                        forms=forms or (["T"] if role is Role.PARTNER else None),
                    )
                )

    def person(self, unit: str, *roles: Role) -> Browser:
        """A browser in which a person of the unit is signed in; with all roles if none is named."""
        username = "-".join((unit, *roles))
        with identity_transaction() as session:
            user_id = session.scalar(select(User.id).where(User.username == username))
        if user_id is None:
            user_id = self.account(username)
            self.employ(user_id, unit, *(roles or INSIDERS))
        return self.signed_in(user_id)

    def signed_in(self, user_id: int) -> Browser:
        """A browser in which this person is signed in."""
        browser = self.anonymous()
        browser.client.set_cookie("huizong", self._begun(user_id, SessionKind.BROWSER).token)
        return browser

    def token(self, user_id: int) -> str:
        """A bearer token of this person."""
        with self.app.app_context():
            return access_token(user_id, self._begun(user_id, SessionKind.TOKEN).id, fresh=True)

    def _begun(self, user_id: int, kind: SessionKind) -> web_sessions.Begun:
        with identity_transaction() as session:
            return web_sessions.begin(
                session, user_id, kind, "password", timedelta(hours=12), address="127.0.0.1", user_agent="test"
            )


@pytest.fixture(scope="module")
def environ() -> dict[str, str]:
    """Settings of the installation; a module may have its own."""
    return {}


@pytest.fixture(scope="module")
def site(
    test_server: TestServer,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
    environ: dict[str, str],
) -> Iterator[Site]:
    """The application, with a world that the tests of a module share."""
    with test_server.database("huizong_web", template_database) as target:
        engine = db.connect(target.app_url)
        app = create_app(Config.load(tmp_path_factory.mktemp("web"), environ))
        sync_permissions(app)
        yield Site(app, build_world())
        engine.dispose()
