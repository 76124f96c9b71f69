"""Address, parameters, form and body that name different units are refused, whoever asks and whatever it is about."""

import io
from dataclasses import dataclass
from typing import Any

import pytest

from tests.web.access.callbacks import DRILLS, ROUTER, callback_body, outputs
from tests.web.access.people import INSIDE, Crowd, Person
from tests.web.access.planting import Planted
from tests.web.access.table import Row
from tests.web.conftest import Site


@dataclass(frozen=True)
class Mixed:
    """A request, with d112 where it first names a unit and d111, who asks, where it does again."""

    method: str
    path: str
    form: Any = None
    body: Any = None
    file: bool = False


MIXED = [
    Mixed("GET", "/rollups/d112?unit=d111"),
    Mixed("GET", "/rollups/d112?key=d111-2023-T"),
    Mixed("GET", "/review/?unit=d112&unit=d111"),
    Mixed("GET", "/review/d112-2023-T?unit=d111"),
    Mixed("GET", "/submissions/d112-2023-T/?key=d111-2023-T"),
    Mixed("POST", "/submissions/d112-2023-T/actions/submit", form={"unit": "d111"}),
    Mixed("POST", "/submissions/d112-2023-T/actions/submit?unit=d111", form={}),
    Mixed("POST", "/submissions/d112-2023-T/sheets/T1", form={"key": "d111-2023-T"}),
    Mixed("PATCH", "/submissions/d112-2023-T/sheets/T1", body={"cells": {}, "unit": "d111"}),
    Mixed("POST", "/submissions/d112-2023-T/upload", form={"unit": "d111"}, file=True),
    Mixed("POST", "/unit?unit=d112", form={"unit": "d111"}),
    Mixed("GET", "/dashboards/ranking?u=d112&u=d111"),
    Mixed("GET", "/dashboards/ranking?u=d112+%E5%8C%BA&unit=d111"),
    Mixed("POST", "/dashboards/_dash-update-component?u=d112", body=callback_body(ROUTER, "ranking", "?u=d111")),
    Mixed("POST", "/dashboards/_dash-update-component", body=callback_body(ROUTER, "ranking", "?u=d112&u=d111")),
    Mixed("GET", "/api/v1/units/d112?under=d111"),
    Mixed("GET", "/api/v1/rollups?unit=d112&unit=d111&period=2023"),
    Mixed("GET", "/api/v1/submissions/d112-2023-T?unit=d111"),
    Mixed("GET", "/api/v1/events?submission=d112-2023-T&unit=d111"),
    Mixed("PATCH", "/api/v1/submissions/d112-2023-T/values", body={"values": {}, "unit": "d111"}),
    Mixed("PATCH", "/api/v1/submissions/d112-2023-T/values", body={"values": {"T101": {"unit": "d111"}}}),
    Mixed("POST", "/api/v1/submissions/d112-2023-T/actions/submit", body={"submission": "d111-2023-T"}),
    Mixed("POST", "/api/v1/uploads", form={"unit": "d112", "key": "d111-2023-T"}, file=True),
]

ONE_UNIT = [
    # naming the same unit twice, or no unit at all, is naming one
    ("/rollups/d111?unit=d111&period=2020", 200),
    ("/dashboards/ranking?u=d111+%E5%8C%BA&unit=d111", 200),
    ("/api/v1/events?submission=d111-2023-T&unit=d111", 200),
    # the page to come back to is not what is asked about
    ("/language/zh?next=/rollups/d112&unit=d111", 302),
]


@pytest.fixture(scope="module")
def crowd(site: Site, planted: Planted) -> Crowd:
    return Crowd(site, planted)


# The API is asked with a token too; pages are asked with a cookie.
WAYS = [
    (each, by_token) for each in MIXED for by_token in (False, True) if each.path.startswith("/api/") or not by_token
]


@pytest.mark.parametrize(("request_", "by_token"), WAYS, ids=lambda each: getattr(each, "path", each))
def test_different_units_are_refused(crowd: Crowd, planted: Planted, request_: Mixed, by_token: bool) -> None:
    form = None if request_.form is None else dict(request_.form)
    if request_.file:
        form["file"] = (io.BytesIO(b"content"), "a.xlsx")
    response = crowd.send(
        Person("d111", INSIDE), request_.method, request_.path, bearer=by_token, data=form, json=request_.body
    )
    assert response.status_code == 400
    assert "不同的单位" in (response.json["detail"] if response.is_json else response.text)
    assert planted.known.found_in(response.data) == set()


@pytest.mark.parametrize(("path", "status"), ONE_UNIT)
def test_one_unit_named_twice_is_one(crowd: Crowd, path: str, status: int) -> None:
    assert crowd.send(Person("d111", INSIDE), "GET", path).status_code == status


def test_the_unit_acted_for_is_not_what_is_asked_about(crowd: Crowd) -> None:
    """A city asks about its district, and says for which of its units it acts."""
    row = Row("GET", "/api/v1/units/<unit>", frozenset(), 200, parts={"unit": "d111"})
    response = crowd.send(Person("c11", INSIDE), "GET", crowd.path(row), bearer=True, headers={"Huizong-Unit": "c11"})
    assert response.status_code == 200


def test_the_click_that_leads_to_another_unit_is_legitimate(crowd: Crowd) -> None:
    """A click in a chart brings the unit one is at and the unit one goes to; nothing is read for it."""
    for drill in DRILLS:
        body = callback_body(drill, "d111", "?u=c11", output=outputs(crowd.site.app)[drill])
        response = crowd.send(Person("c11", INSIDE), "POST", "/dashboards/_dash-update-component", json=body)
        assert response.json["response"]["location"]["search"] == "?u=d111"
