"""Callers of the API, in the world of the module."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.domain.policy import Role
from tests.web.conftest import Site
from tests.world import INSIDERS


@dataclass
class Caller:
    """Somebody with a bearer token, or nobody."""

    client: FlaskClient
    headers: dict[str, str]

    def ask(self, method: str, path: str, **request: Any) -> TestResponse:
        """Ask for a path below `/api/v1/`."""
        headers = self.headers | request.pop("headers", {})
        return self.client.open(f"/api/v1/{path}", method=method, headers=headers, **request)

    def get(self, path: str, **request: Any) -> TestResponse:
        return self.ask("GET", path, **request)

    def post(self, path: str, **request: Any) -> TestResponse:
        return self.ask("POST", path, **request)

    def patch(self, path: str, **request: Any) -> TestResponse:
        return self.ask("PATCH", path, **request)


class Api:
    """The API of a site."""

    def __init__(self, site: Site) -> None:
        self.app = site.app
        self.world = site.world
        self.site = site
        self.caller = cache(self._caller)

    def _caller(self, unit: str, *roles: Role) -> Caller:
        """A person of a unit with these roles, all of them if none is named."""
        user_id = self.site.account("-".join(("api", unit, *roles)))
        self.site.employ(user_id, unit, *(roles or INSIDERS))
        return Caller(self.app.test_client(), {"Authorization": f"Bearer {self.site.token(user_id)}"})

    def nobody(self) -> Caller:
        return Caller(self.app.test_client(), {})


@pytest.fixture(scope="module")
def api(site: Site) -> Api:
    return Api(site)
