"""HEAD and OPTIONS, which the framework answers beside what we wrote: guarded like GET, telling nothing more."""

from dataclasses import replace

import pytest

from portal.domain.policy import Role
from tests.web.access.headers import faults
from tests.web.access.people import NOBODY, Crowd, Person
from tests.web.access.planting import Planted
from tests.web.access.table import TABLE
from tests.web.conftest import Site

pytestmark = [
    pytest.mark.filterwarnings("ignore:Yielding raw tuples"),  # Flask-AppBuilder's fields of many choices
    # Werkzeug leaves the body out, and with it the call that would close it: that is left to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ASKING = [NOBODY, Person("d111", frozenset({Role.FILLER})), Person("d211", frozenset({Role.FILLER}))]


@pytest.fixture(scope="module")
def crowd(site: Site, planted: Planted) -> Crowd:
    return Crowd(site, planted)


@pytest.mark.parametrize("person", ASKING, ids=str)
def test_head_answers_as_get_without_a_body(crowd: Crowd, person: Person) -> None:
    wrong = {}
    for row in TABLE:
        if row.method == "GET":
            response = crowd.ask(person, replace(row, method="HEAD"), bearer=row.api)
            expected = person.answer(row, bearer=row.api)
            if (response.status_code, response.data, faults(response)) != (expected, b"", []):
                wrong[f"{row.rule}?{row.query}"] = response.status_code, expected, faults(response)
    assert wrong == {}


@pytest.mark.parametrize("person", ASKING, ids=str)
def test_options_names_methods_at_most(crowd: Crowd, planted: Planted, person: Person) -> None:
    wrong = {}
    for row in {row.rule: row for row in TABLE}.values():
        response = crowd.send(person, "OPTIONS", crowd.path(row), bearer=row.api)
        told = planted.known.found_in(response.data + str(response.headers).encode())
        if response.status_code >= 500 or told or faults(response):
            wrong[row.rule] = response.status_code, told, faults(response)
    assert wrong == {}
