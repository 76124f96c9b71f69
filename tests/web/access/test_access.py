"""Every address, every method, every callback, as everybody: the status of the table, and no foreign marker."""

from collections.abc import Iterator

import pytest

from portal.domain.policy import Role
from tests.web.access.callbacks import CALLBACKS, PAGES, ROUTER, callback_body, outputs
from tests.web.access.headers import faults
from tests.web.access.markers import Markers, may_see
from tests.web.access.people import INSIDE, NOBODY, SWITCHED_OFF, WITHOUT_UNIT, Crowd, Person, who_ask
from tests.web.access.planting import ACCEPTED, DRAFT, HANDED_IN, Planted
from tests.web.access.table import TABLE, Row
from tests.web.conftest import Site

pytestmark = pytest.mark.filterwarnings("ignore:Yielding raw tuples")  # Flask-AppBuilder's fields of many choices

CALLBACKS_AT = "/dashboards/_dash-update-component"
_UNASKED = frozenset({"HEAD", "OPTIONS"})


@pytest.fixture(scope="module")
def crowd(site: Site, planted: Planted) -> Crowd:
    return Crowd(site, planted)


@pytest.fixture(scope="module")
def known(planted: Planted) -> Markers:
    return planted.known


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.rule}?{row.query}")
def test_everybody_gets_what_the_table_says(crowd: Crowd, known: Markers, row: Row) -> None:
    wrong, leaked, careless = {}, {}, {}
    for person in who_ask(row):
        response = crowd.ask(person, row, bearer=row.api)
        expected = person.answer(row, bearer=row.api)
        if response.status_code != expected:
            wrong[str(person)] = (response.status_code, expected)
        foreign = {marker.text for marker in known.found_in(response.data) if not may_see(person.viewer, marker)}
        if foreign:
            leaked[str(person)] = foreign
        if found := faults(response):
            careless[str(person)] = found
        if row.rule == "/logout/":
            crowd.forget(person)
    assert leaked == {}
    assert careless == {}
    assert wrong == {}, "status, and what tests/web/access/table.py says"


def test_every_address_and_method_has_a_row(site: Site) -> None:
    there = set(_addresses(site))
    listed = {(row.method, row.rule) for row in TABLE}
    assert there - listed == set(), "say in tests/web/access/table.py who may ask for these and what each is answered"
    assert listed - there == set(), "these are gone: take them out of tests/web/access/table.py"


def _addresses(site: Site) -> Iterator[tuple[str, str]]:
    for rule in site.app.url_map.iter_rules():
        for method in rule.methods - _UNASKED:
            yield method, rule.rule


@pytest.mark.parametrize("page", PAGES)
def test_the_dashboards_show_everybody_their_own(crowd: Crowd, known: Markers, page: str) -> None:
    """The router's callback, about one's own unit and about those of others."""
    seen = set()
    for unit in ("d111", "d112", "d211", "c11", "p1"):
        for person in (Person(unit, INSIDE), Person(unit, frozenset({Role.PARTNER}))):
            for about in ("d111", "c11"):
                for period in (ACCEPTED, HANDED_IN, DRAFT):
                    search = f"?u={about}&y={period}&i=T102&b=pending"
                    response = crowd.send(person, "POST", CALLBACKS_AT, json=callback_body(ROUTER, page, search))
                    assert response.status_code == 200
                    found = known.found_in(response.data)
                    assert {marker.text for marker in found if not may_see(person.viewer, marker)} == set(), search
                    seen |= found
    assert bool(seen) == (page != "progress")  # which shows no figures


def test_nobody_asks_a_callback_without_signing_in(crowd: Crowd) -> None:
    for person, status in ((NOBODY, 401), (SWITCHED_OFF, 401), (WITHOUT_UNIT, 403)):
        for callback in CALLBACKS:
            body = callback_body(callback, "d111", "?u=d111", output=outputs(crowd.site.app)[callback])
            assert crowd.send(person, "POST", CALLBACKS_AT, json=body).status_code == status


def test_every_callback_is_listed(site: Site) -> None:
    assert set(outputs(site.app)) == set(CALLBACKS), (
        "list it in tests/web/access/callbacks.py, and ask it above as everybody"
    )
