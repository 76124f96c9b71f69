"""Many people at once on few connections: everybody gets their own rows, as if they were alone."""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from sqlalchemy import create_engine

from portal import db
from tests.web.access.people import INSIDE, Crowd, Person
from tests.web.access.planting import DRAFT, Planted
from tests.web.conftest import Site

THREADS = 8
CONNECTIONS = 3  # fewer than threads: some always wait, and each connection goes from hand to hand
REQUESTS = 2000

PEOPLE = [Person(unit, INSIDE) for unit in ("d111", "d112", "d211", "c11", "c21", "p1", "p2")]
PATHS = [
    "/api/v1/submissions?period=2023",
    "/api/v1/submissions/{unit}-2023-T/values",
    "/api/v1/rollups?period=2020&indicator=T102&by=children",
    "/api/v1/events",
    "/submissions/{unit}-2023-T/sheets/T1",
    "/review/d111-2021-T",
    "/api/v1/uploads/{upload}",
]


def test_nobody_gets_the_rows_of_another(site: Site, planted: Planted) -> None:
    crowd, known = Crowd(site, planted), planted.known

    def seen(person: Person, path: str) -> tuple[int, frozenset[str]]:
        address = path.format(unit=person.unit, upload=planted.uploads[person.unit, DRAFT])
        response = crowd.send(person, "GET", address, bearer=path.startswith("/api/"))
        return response.status_code, frozenset(marker.text for marker in known.found_in(response.data))

    alone = {(person, path): seen(person, path) for person in PEOPLE for path in PATHS}
    assert sum(1 for status, texts in alone.values() if status == 200 and texts) > len(alone) // 2

    used = db.engine()
    few = create_engine(used.url, pool_size=CONNECTIONS, max_overflow=0)
    db.use(few)
    try:
        # Neighbours in this row are people of different units, so that a connection goes from one tenant to the next.
        wanted = list(islice(cycle((person, path) for path in PATHS for person in PEOPLE), REQUESTS))
        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(lambda each: seen(*each), wanted))
    finally:
        db.use(used)
        few.dispose()
    wrong = [
        (str(person), path) for (person, path), got in zip(wanted, answers, strict=True) if got != alone[person, path]
    ]
    assert wrong == []
