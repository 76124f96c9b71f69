"""Who in a unit sees to what."""

from datetime import date

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.values import MISSING
from portal.queries.assignments import Duty, assignments_of
from tests.web.conftest import Browser, Site

UNIT = "d111"
WORK = f"/submissions/{UNIT}-2023-T/work/"


def duties(site: Site, unit: str = UNIT) -> dict[str, Duty]:
    actor = site.world.actor(unit)
    with transaction(actor) as session:
        return assignments_of(session, actor, "T")


def clerk(site: Site, name: str, unit: str = UNIT, **more: date) -> int:
    user_id = site.account(name, last_name=name, first_name="")
    site.employ(user_id, unit, Role.FILLER, **more)
    return user_id


def give(browser: Browser, **boxes: object) -> int:
    return browser.post(WORK, {name.replace("_", "-"): str(value) for name, value in boxes.items()}).status_code


def test_a_sheet_is_given_to_a_person_and_an_indicator_to_an_office(site: Site) -> None:
    zhao = clerk(site, "赵甲")
    browser = site.person(UNIT, Role.HEAD)
    assert give(browser, person_T1=zhao, office_T1="", person_T107="", office_T107="法规科") == 303
    assert duties(site) == {"T1": Duty(zhao), "T107": Duty(None, "法规科")}
    site.world.fill(UNIT, T107=MISSING)
    page = browser.get(WORK).text
    assert "5/5" in page  # T1 without T107, and without what is worked out
    assert "0/1" in page
    mine = site.signed_in(zhao)
    assert "分给您的 5/5 项" in mine.get("/tasks/").text
    assert "分给您的 5/5 项" in mine.get(f"/submissions/{UNIT}-2023-T/").text
    assert "分给您的" not in browser.get("/tasks/").text
    assert give(browser, person_T1="", office_T1="") == 303
    assert duties(site).keys() == {"T107"}


def test_only_people_who_fill_in_for_the_unit_can_be_given_anything(site: Site) -> None:
    browser = site.person(UNIT, Role.FILLER)
    before = duties(site)
    for person in (clerk(site, "钱乙", "d112"), clerk(site, "孙丙", until=date(2001, 1, 1)), 99999):
        assert give(browser, person_T2=person, office_T2="") == 404
    assert give(browser, person_T2="x", office_T2="") == 422
    assert give(browser, office_T9="法规科") == 404
    assert give(browser, office_T2="长" * 61) == 422
    assert duties(site) == before


def test_it_is_the_units_own_affair(site: Site) -> None:
    give(site.person(UNIT, Role.FILLER), office_T2="办公室")
    assert duties(site, "c11") == {}
    assert duties(site, "d112") == {}
    for unit in ("c11", "p1"):
        assert site.person(unit, Role.HEAD).post(WORK, {"office-T2": "x"}).status_code == 403
    assert site.person("d112", Role.HEAD).post(WORK, {"office-T2": "x"}).status_code == 404
    assert site.person(UNIT, Role.CHECKER).post(WORK, {"office-T2": "x"}).status_code == 403
    assert duties(site)["T2"] == Duty(None, "办公室")
