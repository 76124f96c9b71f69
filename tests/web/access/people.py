"""Everybody who asks: signed in with a cookie or a bearer token, of every role and unit, or of none any more."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from werkzeug.test import TestResponse

from portal.domain.policy import Role
from tests.web.access.markers import FORM, Viewer
from tests.web.access.planting import DRAFT, Planted
from tests.web.access.table import ADMIN, SAMPLES, Row
from tests.web.conftest import Browser, Site

RELATIONS = {"d111": "own", "c11": "below", "p1": "further", "d112": "stranger", "d211": "stranger"}
"""How the people of each unit stand to d111, which the addresses are about."""

_LATER, _LONG_AGO = date(2199, 12, 31), date(2001, 1, 1)
_CSRF_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
_PART = re.compile(r"<(?:[^:<>]+:)?([a-z_]+)>")


@dataclass(frozen=True)
class Person:
    """Somebody who asks.

    Attributes:
        unit: None for who belongs to none.
        roles: held in the unit.
        was: `here`, or what is wrong: `gone` (the membership has expired), `off` (the account is), `nobody`.
    """

    unit: str | None
    roles: frozenset[Role] = frozenset()
    was: str = "here"

    def __str__(self) -> str:
        return "-".join((self.unit or self.was, *sorted(self.roles)))

    @property
    def viewer(self) -> Viewer:
        """As whom the law takes them."""
        return Viewer(self.unit, self.roles, frozenset({FORM}) if self.roles == {Role.PARTNER} else None)

    def answer(self, row: Row, *, bearer: bool) -> int:
        """The status that the table promises."""
        if self.unit:
            return row.answer(RELATIONS[self.unit], self.roles)
        if self.was == "gone":
            return row.homeless
        if row.nobody is not None:
            return row.nobody
        return 401 if bearer or row.api or row.body is not None else 302


INSIDE = frozenset(Role) - {Role.PARTNER, Role.SYSTEM_ADMIN}
NOBODY = Person(None, was="nobody")
WITHOUT_UNIT = Person(None, was="gone")
SWITCHED_OFF = Person(None, was="off")


def filled_in(rule: str, find: Callable[[str], str]) -> str:
    """The address of a rule, with what is found for each of its parts."""
    return _PART.sub(lambda part: quote(find(part[1])), rule)


def one_role_each(*units: str) -> list[Person]:
    """A person of each role in each of the units."""
    return [Person(unit, frozenset({role})) for unit in units for role in Role]


def who_ask(row: Row) -> list[Person]:
    """Every kind of person whose answer could differ."""
    people = [NOBODY, WITHOUT_UNIT, SWITCHED_OFF, *one_role_each("d111"), Person("d211", INSIDE)]
    if row.about_a_unit:
        people += [*one_role_each("d112", "c11", "p1"), Person("d211", ADMIN)]
    return people


@dataclass
class Crowd:
    """The people, each with a browser and a token of their own."""

    site: Site
    planted: Planted
    ids: dict[Person, int] = field(default_factory=dict)
    browsers: dict[Person, tuple[Browser, str]] = field(default_factory=dict)
    tokens: dict[Person, dict[str, str]] = field(default_factory=dict)

    def ask(
        self, person: Person, row: Row, *, bearer: bool = False, headers: dict[str, str] | None = None
    ) -> TestResponse:
        """Send the row's request."""
        form = None if row.form is None and not row.upload else dict(row.form or {})
        if form is not None and row.upload:
            form["file"] = (io.BytesIO(b"PK, but no workbook"), "报表.xlsx")
        path = f"{self.path(row)}?{row.query}"
        return self.send(person, row.method, path, bearer=bearer, headers=headers or {}, data=form, json=row.body)

    def send(self, person: Person, method: str, path: str, *, bearer: bool = False, **more: Any) -> TestResponse:
        """Send a request: with a cookie and the token against forged requests, or with a bearer token."""
        browser, csrf = self._browser(NOBODY if bearer else person)
        headers = self._token(person) if bearer else {"X-CSRFToken": csrf}
        headers |= more.pop("headers", {})
        return browser.client.open(path, method=method, headers=headers, buffered=True, **more)

    def path(self, row: Row) -> str:
        """The row's address with all its parts."""
        own = {
            "upload_id": self.planted.uploads["d111", DRAFT],
            "batch_id": self.planted.batches["d111"],
            "user_id": self.planted.people["d111"],
            "digest": self.planted.files["d111", DRAFT],
        }
        parts = {**SAMPLES, **own, **row.parts}
        return filled_in(row.rule, lambda name: str(parts[name]))

    def forget(self, person: Person) -> None:
        """Close the person's browser: the next request signs in anew."""
        self.browsers.pop(person, None)

    def _browser(self, person: Person) -> tuple[Browser, str]:
        if person not in self.browsers:
            browser = self.site.anonymous() if person == NOBODY else self.site.signed_in(self._id(person))
            page = browser.client.get("/nowhere" if person.was in {"here", "gone"} else "/login/").text
            found = _CSRF_TOKEN.search(page)
            assert found, page
            self.browsers[person] = browser, found[1]
        return self.browsers[person]

    def _token(self, person: Person) -> dict[str, str]:
        if person == NOBODY:
            return {"Authorization": "Bearer x.y.z"}
        if person not in self.tokens:
            self.tokens[person] = {"Authorization": f"Bearer {self.site.token(self._id(person))}"}
        return self.tokens[person]

    def _id(self, person: Person) -> int:
        if person not in self.ids:
            self.ids[person] = self.site.account(str(person), active=person.was != "off")
            until = _LATER if person.was != "gone" else _LONG_AGO
            for role in sorted(person.roles) or [Role.FILLER]:
                forms = [FORM] if role is Role.PARTNER else None
                self.site.employ(self.ids[person], person.unit or "d111", role, until=until, forms=forms)
        return self.ids[person]
