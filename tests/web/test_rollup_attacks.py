"""What is told to somebody who asks for roll-ups, entries, origins and reorganisations that are not theirs: nothing."""

from datetime import date
from decimal import Decimal

import pytest

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.values import Value
from portal.queries.rollups.entries import list_entries
from portal.queries.units import get_unit
from portal.services import reorganisations, rollup_entries
from tests.integration.test_reorganisations import apply
from tests.web.conftest import Browser, Site
from tests.world import PERIOD

NAME, WHY, BASIS = "机密民政局", "机密的理由", "机密函〔2023〕1号"
SECRETS = (NAME, WHY, BASIS, "987654")
ATTACKERS = [("p1", Role.UNIT_ADMIN), ("p1", Role.REVIEWER), ("p1", Role.PARTNER), ("d111", Role.FILLER)]
TARGETS = ["p2", "c21", "d211", "nobody", "d211' or 1=1 --", "..", "%20"]
PAGES = [
    "/rollups/{unit}?period=2023",
    "/rollups/{unit}?period=2023&indicator=T101&tree=current&pending=1",
    "/rollups/{unit}/export.csv?period=2023",
    "/rollups/{unit}/differences/export.csv?period=2023",
    "/rollups/{unit}/differences/export.xlsx?period=2023&indicator=T101",
    "/rollups/{unit}/entries/?period=2023",
    "/rollups/{unit}/entries/?period=2023&indicator=T101",
    "/rollups/{unit}/origins/?period=2023&indicator=T101",
    "/rollups/{unit}/origins/?period=2023&indicator=T101&tree=current",
    "/rollups/{unit}/origins/export.csv?period=2023&indicator=T101",
    "/rollups/{unit}/recalculated/?period=2023",
    "/rollups/{unit}/recalculated/export.csv",
    "/api/v1/rollups?period=2023&unit={unit}",
    "/api/v1/rollups?period=2023&unit={unit}&by=children&tree=current&pending=true",
    "/api/v1/rollups/series?indicator=T101&unit={unit}",
    "/api/v1/rollups/differences?period=2023&unit={unit}",
    "/api/v1/rollups/entries?period=2023&unit={unit}",
    "/api/v1/rollups/recalculated?unit={unit}",
    "/api/v1/lineage?period=2023&unit={unit}&indicator=T101",
    "/api/v1/completeness?period=2023&unit={unit}",
]


@pytest.fixture(scope="module")
def foreign(site: Site) -> int:
    """Another province's figures, entries and reorganisation, whose number is given."""
    site.world.accept("d211", T101=Value.of(987654), T102=Value.of(987654), T103=Value.of(0))
    enter(site, "c21", "p2")
    actor = site.world.actor("p2", Role.UNIT_ADMIN)
    with transaction(actor) as session:
        renamed = Change(ChangeKind.RENAME, "d211", name=NAME)
        row = reorganisations.begin(session, actor, date(2023, 2, 1), BASIS, [renamed])
        reorganisations.apply(session, actor, row.number, row.row_version)
        return row.number


def enter(site: Site, unit: str, by: str) -> int:
    actor = site.world.actor(by)
    about = {"unit": unit, "period": PERIOD, "indicator": "T101"}
    with transaction(actor) as session:
        seen = max((each.number for each in list_entries(session, actor, **about)), default=0)
        entry = Entry(EntryKind.ADJUSTMENT, Decimal(1))
        rollup_entries.enter(session, actor, **about, entry=entry, reason=WHY, seen=seen)
    return seen + 1


def refused(answer: object, statuses: set[int]) -> None:
    """It is refused in words, and tells nothing of what was asked for."""
    text = answer.get_data(as_text=True)
    assert answer.status_code in statuses, text
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize(("unit", "role"), ATTACKERS)
@pytest.mark.parametrize("target", TARGETS)
def test_another_tenants_numbers_are_out_of_reach(site: Site, unit: str, role: Role, target: str) -> None:
    browser = site.person(unit, role)
    machine = site.account(f"{unit}-{role}-{TARGETS.index(target)}")
    site.employ(machine, unit, role)
    bearer = {"Authorization": f"Bearer {site.token(machine)}"}
    own = browser.client.get(f"/api/v1/rollups?period=2023&unit={unit}", headers=bearer)
    assert own.status_code == 200
    for page in PAGES:
        headers = bearer if page.startswith("/api/") else {}
        refused(browser.client.get(page.format(unit=target), headers=headers), {403, 404})


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize(("unit", "role"), ATTACKERS)
@pytest.mark.parametrize("target", ["c21", "d211", "p2", "nobody"])
def test_nothing_is_entered_or_withdrawn_there(site: Site, unit: str, role: Role, target: str) -> None:
    browser = site.person(unit, role)
    at, asked = f"/rollups/{target}/entries/", "?period=2023&indicator=T101"
    forged = {"kind": "adjustment", "amount": "5", "reason": "x", "seen": "1", "role": "reviewer", "roles": "reviewer"}
    refused(browser.post(f"{at}{asked}", forged), {403, 404})
    refused(browser.post(f"{at}1/withdraw{asked}", forged), {403, 404})
    actor = site.world.actor("p2")
    with transaction(actor) as session:
        (entry,) = list_entries(session, actor, unit="p2", period=PERIOD)
    assert (entry.unit.code, entry.entry.amount, entry.withdrawal) == ("c21", 1, None)


@pytest.mark.parametrize(
    ("unit", "role"), [("p1", Role.UNIT_ADMIN), ("c21", Role.UNIT_ADMIN), ("c11", Role.UNIT_ADMIN)]
)
def test_anothers_reorganisation_takes_no_step(site: Site, foreign: int, unit: str, role: Role) -> None:
    browser = site.person(unit, role)
    at = f"/reorganisations/{foreign}"
    refused(browser.client.get(at), {404})
    fields = {"effective_on": "2023-02-01", "basis": "x", "change": "rename", "code": "d211", "name": "x"}
    for step in ("apply", "undo", "publish", "drop", "describe", "changes", "changes/0/remove", "nothing"):
        for version in ("1", "2", "3"):
            refused(browser.post(f"{at}/{step}", {"version": version, **fields}), {404})
    with transaction(None) as session:
        assert get_unit(session, "d211").name == NAME


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/rollups/p1/entries/2147483648/withdraw?period=2023&indicator=T101", {404}),
        ("/rollups/p1/entries/77/withdraw?period=2023&indicator=T101", {404}),
        ("/rollups/p1/entries/?period=2023&indicator=NONE", {404}),
        ("/rollups/p1/entries/?period=2023", {404}),
        ("/rollups/p1/entries/?period=1&indicator=T101", {422}),
        ("/rollups/p1/entries/?period=2077&indicator=T101", {404, 422}),
        ("/reorganisations/2147483648/apply", {404}),
        ("/reorganisations/77/apply", {404}),
    ],
)
def test_what_does_not_exist_is_refused_and_breaks_nothing(site: Site, path: str, statuses: set[int]) -> None:
    form = {"kind": "adjustment", "amount": "5", "reason": "x", "seen": "0", "version": "1"}
    refused(site.person("p1").post(path, form), statuses)


def test_an_entry_is_withdrawn_once_and_only_where_it_stands(site: Site) -> None:
    number = enter(site, "c11", "p1")
    browser, asked = site.person("p1", Role.REVIEWER), "?period=2023&indicator=T101"
    form = {"reason": "记错了", "seen": str(number)}
    assert browser.post(f"/rollups/c12/entries/{number}/withdraw{asked}", form).status_code == 404
    assert browser.post(f"/rollups/p1/entries/{number}/withdraw{asked}", form).status_code == 404
    answers = [browser.post(f"/rollups/c11/entries/{number}/withdraw{asked}", form).status_code for _time in range(2)]
    assert answers == [303, 409]


def test_a_city_that_lost_a_district_enters_nothing_there(site: Site) -> None:
    apply(site.world, Change(ChangeKind.MOVE, "d112", parent_code="c12"), on=date(2024, 2, 1))
    city = site.person("c11", Role.REVIEWER)
    for path in (
        "entries/?period=2023&indicator=T101",
        "origins/?period=2023&indicator=T101",
        "differences/export.csv",
    ):
        refused(city.client.get(f"/rollups/d112/{path}"), {403, 404})
    form = {"kind": "adjustment", "amount": "5", "reason": "x", "seen": "0"}
    refused(city.post("/rollups/d112/entries/?period=2023&indicator=T101", form), {403})


def test_a_reorganisation_of_units_that_are_not_below_is_not_applied_by_a_forged_request(site: Site) -> None:
    browser: Browser = site.person("c11", Role.UNIT_ADMIN)
    begun = browser.post("/reorganisations/", {"effective_on": "2024-05-01", "basis": "抢一个区"})
    change = {"version": "1", "change": "move", "code": "d121", "parent_code": "c11"}
    assert browser.post(f"{begun.location}/changes", change).status_code == 303
    answer = browser.post(f"{begun.location}/apply", {"version": "2"})
    assert (answer.status_code, "不在您的管辖范围" in answer.get_data(as_text=True)) == (422, True)
    with transaction(None) as session:
        assert get_unit(session, "d121").parent_code == "c12"
