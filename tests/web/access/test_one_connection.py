"""A request holds one connection at a time, so that as many as there are threads are enough, and with fewer they wait.

A request that asked for a second while it holds the first could wait for others that do the same, all of them for ever.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from portal import db
from tests.web.access.people import INSIDE, Crowd, Person
from tests.web.access.planting import Planted
from tests.web.access.table import ADMIN, TABLE, Row
from tests.web.conftest import Site

pytestmark = pytest.mark.filterwarnings("ignore:Yielding raw tuples")  # Flask-AppBuilder's fields of many choices

PEOPLE = [Person("d111", INSIDE), Person("p1", ADMIN)]
PATIENCE_SECONDS = 1
BROKEN = 500


@pytest.fixture(scope="module")
def crowd(site: Site, planted: Planted) -> Crowd:
    return Crowd(site, planted)


@pytest.fixture
def only_connection(site: Site) -> Iterator[None]:
    """One connection for all: who waits for another meanwhile gives up, and is answered that something broke."""
    used = db.engine()
    single = create_engine(used.url, pool_size=1, max_overflow=0, pool_timeout=PATIENCE_SECONDS)
    db.use(single)
    yield
    db.use(used)
    single.dispose()


@pytest.mark.usefixtures("only_connection")
@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.rule}?{row.query}")
def test_every_address_does_with_one(crowd: Crowd, row: Row) -> None:
    answers = {str(person): crowd.ask(person, row, bearer=row.api).status_code for person in PEOPLE}
    assert BROKEN not in answers.values(), answers
    if row.rule == "/logout/":
        for person in PEOPLE:
            crowd.forget(person)
