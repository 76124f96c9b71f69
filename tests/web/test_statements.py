"""How many statements the database is sent while somebody fills in a sheet: each is a way there and back.

They are counted, not timed, so that one more is seen on any machine. How much is saved at once does not add to them.
"""

from datetime import date

import pytest

from portal.db import transaction
from portal.domain.policy import Role
from portal.queries.people import portal_actor
from portal.services import collections
from tests.statements import statements
from tests.web.conftest import Browser, Site
from tests.world import PERIOD

UNIT = "d111"
SUBMISSION = f"/submissions/{UNIT}-2023-T"
SHEET = f"{SUBMISSION}/sheets/T1"

WHO_ASKS = 4
"""What row-level security opens for finding that out; the session and its account; the positions; what roles open."""

MOST = {SHEET: WHO_ASKS + 16, f"{SUBMISSION}/findings/": WHO_ASKS + 16}
MOST_FOR_A_SAVE = WHO_ASKS + 19


@pytest.fixture(scope="module")
def clerk(site: Site) -> Browser:
    """Somebody whose unit's figures of a year ago were accepted, as most people's are."""
    before = PERIOD.last_year
    with transaction(None) as session:
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        collections.send_down(
            session, sender, site.world.form, before, opens_on=before.ends_on, due_on=date(before.year + 1, 1, 31)
        )
    site.world.accept(UNIT, before)
    site.world.fill(UNIT)
    return site.person(UNIT, Role.FILLER)


class Typing:
    """Figures typed one after another, each other than the one before."""

    def __init__(self, clerk: Browser, *codes: str) -> None:
        self.clerk, self.token = clerk, clerk.token()
        rows = clerk.client.patch(SHEET, json={"cells": {}}, headers={"X-CSRFToken": self.token}).json["rows"]
        self.versions = {code: rows[code]["row_version"] for code in codes}

    def __call__(self) -> None:
        cells = {code: {"answer": str(100 + seen), "row_version": str(seen)} for code, seen in self.versions.items()}
        response = self.clerk.client.patch(SHEET, json={"cells": cells}, headers={"X-CSRFToken": self.token})
        assert response.status_code == 200, response.text
        now = {code: response.json["rows"][code]["row_version"] for code in self.versions}
        assert now == {code: seen + 1 for code, seen in self.versions.items()}
        self.versions = now


@pytest.mark.parametrize("codes", [("T101",), ("T101", "T102", "T103", "T107")])
def test_a_save_costs_no_more_than_it_must(clerk: Browser, codes: tuple[str, ...]) -> None:
    sent = statements(Typing(clerk, *codes))
    assert len(sent) <= MOST_FOR_A_SAVE, "\n".join(sent)


@pytest.mark.parametrize("path", MOST)
def test_a_page_costs_no_more_than_it_must(clerk: Browser, path: str) -> None:
    sent = statements(lambda: clerk.get(path))
    assert len(sent) <= MOST[path], "\n".join(sent)


def test_who_asks_is_read_anew_each_time(clerk: Browser) -> None:
    for path in MOST:
        sent = statements(lambda path=path: clerk.get(path))
        for table in ("web_session", "membership", "ab_permission_view_role"):
            assert sum(f"FROM {table}" in each or f"JOIN {table}" in each for each in sent[:WHO_ASKS]) == 1, sent[
                :WHO_ASKS
            ]
