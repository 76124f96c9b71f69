"""Whatever anybody sends, nothing breaks and nobody sees a marker that is not theirs to see."""

import os
from random import Random
from typing import Any

import pytest
from werkzeug.routing import Rule

from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from tests.web.access.callbacks import PAGES, ROUTER, callback_body
from tests.web.access.markers import Markers, may_see
from tests.web.access.people import INSIDE, NOBODY, WITHOUT_UNIT, Crowd, Person, filled_in
from tests.web.access.planting import PERIODS, Planted
from tests.web.access.table import ADMIN
from tests.web.conftest import Site
from tests.world import TREE

pytestmark = pytest.mark.filterwarnings("ignore:Yielding raw tuples")  # Flask-AppBuilder's fields of many choices

REQUESTS = int(os.environ.get("HUIZONG_RANDOM_REQUESTS", "5000"))
SEED = int(os.environ.get("HUIZONG_RANDOM_SEED", "1"))
"""What happened before a request cannot be had again, so there is nothing to shrink: plain chance will do."""

ROLES = [INSIDE, ADMIN, *(frozenset({role}) for role in (Role.FILLER, Role.REVIEWER, Role.AUDITOR, Role.PARTNER))]
PEOPLE = [NOBODY, WITHOUT_UNIT, *(Person(unit, roles) for unit in TREE for roles in ROLES)]

MOVING_PEOPLE = ("/people", "/roles", "/account", "/login", "/logout", "/api/v1/security")
"""Below these a change is asked for only by people who may not make it, lest the law change while we look."""

ODD = ["", "0", "-1", "x", "d999", "%", "'", "' or 1=1 --", "../../etc", "约", "9" * 12, "{}", "null", "<b>"]
UNITS = [*TREE, *ODD]
KEYS = [f"{unit}-{period}-T" for unit in TREE for period in PERIODS]
WORDS = {
    # what is put into a part of an address, a parameter or a field of this name
    "key": [*KEYS, *KEYS, "T-2020", "T-2023", *ODD],
    "unit": UNITS,
    "under": UNITS,
    "u": UNITS,
    "submission": [*KEYS, *ODD],
    "period": [*map(str, PERIODS), *ODD],
    "y": [*map(str, PERIODS), *ODD],
    "form": ["T", "csv", "xlsx", *ODD],
    "code": ["T1", "T2", "T", *UNITS],
    "verb": [*Action, "off", "unlock", *ODD],
    "indicator": ["T101", "T102", "T106", "T203", *ODD],
    "i": ["T101", "T102", *ODD],
    "by": ["self", "children", "level:district", *ODD],
    "tree": ["reported", "current", *ODD],
    "pending": ["1", "true", *ODD],
    "reach": ["all", "direct"],
    "version": ["v1", "1", "2", *ODD],
    "state": ["submitted", "accepted", *ODD],
    "role": [*Role, *ODD],
    "path": [*PAGES, *ODD],
    "page": ["1", "2", *ODD],
    "q": [*UNITS, "mk", "1"],
    "reason": ["请核对第二表的数", *ODD],
    "declared": ["1"],
    "seen": ["0", "1", "2", *ODD],
}
NUMBERS = [str(number) for number in range(1, 60)]


@pytest.fixture(scope="module")
def crowd(site: Site, planted: Planted) -> Crowd:
    return Crowd(site, planted)


def rules(site: Site) -> list[Rule]:
    """Every address but those of files."""
    return [
        rule
        for rule in sorted(site.app.url_map.iter_rules(), key=lambda rule: rule.rule)
        if "static" not in rule.endpoint and "_dash-component" not in rule.rule and rule.rule != "/logout/"
    ]


class Draw:
    """One random request after the other."""

    def __init__(self, random: Random, crowd: Crowd) -> None:
        self.one_of = random.choice
        self.some_of = lambda choices: random.sample(choices, random.randrange(4))
        self.crowd = crowd
        self.uploads = [str(upload) for upload in crowd.planted.uploads.values()]
        self.batches = [str(batch) for batch in crowd.planted.batches.values()]

    def word(self, name: str) -> str:
        """Something for a part or field of this name."""
        if name == "upload_id":
            return self.one_of(self.uploads)
        if name == "batch_id":
            return self.one_of(self.batches)
        if name.endswith("_id") or name in {"pk", "number"}:
            return self.one_of(NUMBERS)
        return self.one_of(WORDS.get(name, ODD))

    def fields(self) -> dict[str, str]:
        return {name: self.word(name) for name in self.some_of(sorted(WORDS))}

    def request(self, rule: Rule, method: str) -> tuple[str, dict[str, Any]]:
        """The path, and what is sent along."""
        path = filled_in(rule.rule, lambda name: self.word(name) or "x")
        if method in {"GET", "HEAD"}:
            return path, {"query_string": self.fields() if self.one_of([True, False]) else {}}
        if rule.rule.endswith("_dash-update-component"):
            return path, {"json": callback_body(ROUTER, self.one_of(PAGES), f"?u={self.one_of(UNITS)}&y=2020&i=T102")}
        if self.one_of([True, False]):
            return path, {"data": self.fields(), "query_string": self.fields() if self.one_of([True, False]) else {}}
        body = self.one_of(
            [self.fields(), {"values": {"T101": {"number": "1"}}}, {"cells": {}}, {"reason": "请核对数据"}, [], 1]
        )
        return path, {"json": body}


def test_nobody_sees_a_foreign_marker(crowd: Crowd) -> None:
    known: Markers = crowd.planted.known
    listed = rules(crowd.site)
    seen, moved = 0, set()
    draw = Draw(Random(SEED), crowd)
    for _time in range(REQUESTS):
        person, rule = draw.one_of(PEOPLE), draw.one_of(listed)
        method = draw.one_of(sorted(rule.methods - {"OPTIONS"}))
        if method not in {"GET", "HEAD"} and rule.rule.startswith(MOVING_PEOPLE) and person.roles & (INSIDE | ADMIN):
            method = "GET"
        path, sent = draw.request(rule, method)
        response = crowd.send(person, method, path, bearer=draw.one_of([True, False]), **sent)
        said = (str(person), method, path, sent, response.status_code)
        assert response.status_code < 500 or response.status_code == 501, said
        found = known.found_in(response.data)
        seen += len(found)
        if method not in {"GET", "HEAD"} and response.status_code < 400:
            moved.update(key for key in KEYS if key in path or key in str(sent))
        foreign = {marker.text for marker in found if not may_see(person.viewer, marker)}
        assert not {text for text in foreign if not _was_moved(known, text, moved, person)}, said
    assert seen > REQUESTS // 10  # it did look at rows


def _was_moved(known: Markers, text: str, moved: set[str], person: Person) -> bool:
    """Whether the report with this marker was handed in or accepted meanwhile, and the person is above its unit."""
    marker = known.by_text[text]
    return marker.key in moved and may_see(person.viewer, marker.accepted)
