"""The record as administrators and auditors read it: who sees what of it, filters, pages, and files."""

import csv
import io
import re

import pytest
from flask_appbuilder.security.sqla.models import PermissionView, User, ViewMenu
from flask_appbuilder.security.sqla.models import Role as ScreenRole
from openpyxl import load_workbook
from sqlalchemy import select

from portal.db import identity_transaction, transaction
from portal.domain.event_kinds import KINDS, EventGroup
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.event_search import EventFilter, audit_events
from portal.queries.events import list_history
from portal.services import events
from portal.services.sign_in_events import Account, record_account_event
from portal.services.values import save_values
from portal.web.event_words import EVENT_GROUPS, EVENTS
from tests.web.conftest import Site
from tests.world import World

DRAFT, ACCEPTED = 73_519_246, 86_420_135
"""Numbers that stand nowhere else: typed into d112's draft, and into d111's before it was accepted."""


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    world = site.world
    save(world, "d112", T107=Value.of(DRAFT))
    save(world, "d112", T107=Value.of(DRAFT + 1))
    save(world, "d111", T107=Value.of(ACCEPTED))
    world.accept("d111")
    return site


def save(world: World, unit: str, **values: Value) -> None:
    actor = world.actor(unit)
    with transaction(actor) as session:
        save_values(session, actor, world.key(unit), values)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


class TestWords:
    def test_every_kind_has_a_word_and_no_word_is_left_over(self):
        assert KINDS.keys() == EVENTS.keys()

    def test_every_group_has_a_word(self):
        assert set(EVENT_GROUPS) == set(EventGroup)


class TestDrafts:
    """A number of a lower unit's draft is on none of the roads on which a superior reads the record."""

    @pytest.mark.parametrize("superior", ["c11", "p1"])
    @pytest.mark.parametrize(
        "path",
        [
            "/audit/",
            "/audit/?unit=d112",
            "/audit/?subject=d112-2023-T",
            "/audit/?group=figures",
            "/audit/export.csv",
            "/audit/export.csv?unit=d112",
            "/api/v1/events?unit=d112",
            "/api/v1/events?submission=d112-2023-T",
            "/submissions/d112-2023-T/",
            "/review/d112-2023-T",
        ],
    )
    def test_are_not_seen_from_above(self, site, superior, path):
        response = site.person(superior).client.get(path)
        assert response.status_code == 200
        assert str(DRAFT)[:6] not in re.sub(r"\D", "", response.text.replace("\n", "x"))

    @pytest.mark.parametrize("superior", ["c11", "p1"])
    def test_are_not_in_a_workbook_for_those_above(self, site, superior):
        book = load_workbook(io.BytesIO(site.person(superior).client.get("/audit/export.xlsx").data))
        assert not [cell for row in book.worksheets[1].values for cell in row if str(DRAFT)[:6] in str(cell)]

    @pytest.mark.parametrize("superior", ["c11", "p1"])
    def test_are_not_given_by_the_database_to_those_above(self, site, superior):
        actor = site.world.actor(superior)
        with transaction(actor) as session:
            found = audit_events(session, actor, EventFilter(unit=superior), limit=500)
            found += list_history(session, actor, site.world.key("d112"))
        assert found
        assert not [event for event in found if str(DRAFT) in str(event)]

    def test_are_seen_by_their_own_unit(self, site):
        page = site.person("d112").get("/audit/?subject=d112-2023-T")
        assert "事项数" in page.text
        assert f"{DRAFT} {DRAFT + 1}" in page.text


class TestWhoOpensIt:
    @pytest.mark.parametrize("role", Role)
    def test_administrators_and_auditors(self, site, role):
        status = site.person("c11", role).client.get("/audit/").status_code
        expected = {Role.UNIT_ADMIN, Role.AUDITOR, Role.SYSTEM_ADMIN}
        assert status == (200 if role in expected else 403)

    @pytest.mark.parametrize("unit", ["p1", "c12", "d211"])
    def test_of_their_own_unit_and_below(self, site, unit):
        assert site.person("c11", Role.AUDITOR).client.get(f"/audit/?unit={unit}").status_code == 403
        assert site.person("c11", Role.AUDITOR).client.get(f"/audit/export.csv?unit={unit}").status_code == 403

    def test_nothing_of_another_tree_is_seen(self, site):
        text = site.person("p2", Role.UNIT_ADMIN).client.get("/audit/export.csv").text
        assert not re.search(r"[cd]1\d|p1", text)

    @pytest.mark.parametrize(
        ("role", "status"), [(Role.SYSTEM_ADMIN, 200), (Role.UNIT_ADMIN, 403), (Role.AUDITOR, 403)]
    )
    def test_the_portals_own_chain_is_for_system_administrators(self, site, role, status):
        browser = site.person("p1", role)
        assert browser.client.get("/audit/?of=portal").status_code == status
        assert browser.client.get("/audit/export.csv?of=portal").status_code == status

    def test_colleagues_see_no_sign_ins_through_the_api(self, site):
        site.person("d111")
        with identity_transaction() as session:
            user_id = session.scalars(select(User.id).where(User.username == "d111")).one()
            record_account_event(session, "signed_in", Account(user_id, "d111", "张某"), address="10.0.0.1")
        kinds = {
            role: {
                each["kind"]
                for each in site.person("d111", role).client.get("/api/v1/events?page_size=500").json["items"]
            }
            for role in (Role.FILLER, Role.UNIT_ADMIN)
        }
        assert "signed_in" in kinds[Role.UNIT_ADMIN] - kinds[Role.FILLER]


class TestFilters:
    def export(self, site, query: str, unit: str = "p1") -> list[dict[str, str]]:
        response = site.person(unit, Role.AUDITOR).client.get(f"/audit/export.csv?{query}")
        assert response.status_code == 200
        return rows_of(response.text)

    def test_by_unit_with_those_below(self, site):
        assert {row["单位"] for row in self.export(site, "unit=c11")} >= {"d111"}
        assert {row["单位"] for row in self.export(site, "unit=c11")} <= {"c11", "d111", "d112"}

    def test_by_person(self, site):
        assert {row["操作人"] for row in self.export(site, "person=c11 的人")} == {"c11 的人"}

    def test_by_subject(self, site):
        assert {row["对象"] for row in self.export(site, "subject=d111-2023-T")} == {"d111-2023-T"}

    def test_by_group(self, site):
        assert {row["类别"] for row in self.export(site, "group=progress")} == {"报送办理"}

    def test_by_address(self, site):
        assert self.export(site, "address=10.9.8.7") == []
        assert self.export(site, "address=127.0.0.1&group=progress") != []

    def test_by_time(self, site):
        assert self.export(site, "until=2001-01-01") == []
        assert self.export(site, "since=2001-01-01&until=2999-12-30") != []
        assert self.export(site, "since=2999-01-01") == []

    @pytest.mark.parametrize("query", ["since=gestern", "until=2024-02-30", "group=x", "before=-1", "before=9e9"])
    def test_what_is_no_filter_is_refused(self, site, query):
        assert site.person("p1", Role.AUDITOR).client.get(f"/audit/?{query}").status_code == 422

    def test_no_text_is_taken_for_sql(self, site):
        assert self.export(site, "person=' or 1=1 --") == []

    def test_there_is_no_such_format(self, site):
        assert site.person("p1", Role.AUDITOR).client.get("/audit/export.exe").status_code == 404

    @pytest.mark.parametrize("stray", ["form", "before", "endpoint", "_external", "self"])
    def test_a_parameter_that_is_no_filter_is_left_out_of_links(self, site: Site, stray: str) -> None:
        page = site.person("c11", Role.UNIT_ADMIN).get(f"/audit/?{stray}=1")
        exports = [link["href"] for link in page.all("a") if "/audit/export" in link["href"]]
        assert len(exports) == 2
        assert stray not in "".join(exports).replace("/audit/export", "")


class TestPages:
    def test_follow_one_another_without_gap_and_repetition(self, site):
        actor = site.world.actor("p2")
        with transaction(actor) as session:
            for number in range(120):
                where = {"unit_code": "p2", "root_id": actor.place.root_id}
                events.record(session, actor, "collection_changed", f"第 {number} 项", **where)
        browser, path, seen = site.person("p2", Role.AUDITOR), "/audit/?group=progress", []
        while path:
            page = browser.get(path)
            seen += [int(number) for number in re.findall(r'<td class="number soft">(\d+)</td>', page.source)]
            older = [link["href"] for link in page.all("a") if "before=" in link.get("href", "")]
            path = older[0] if older else ""
        assert len(seen) == len(set(seen)) >= 120
        assert seen == sorted(seen, reverse=True)


class TestExports:
    def test_a_workbook_says_what_it_holds(self, site):
        browser = site.person("p1", Role.AUDITOR)
        book = load_workbook(io.BytesIO(browser.client.get("/audit/export.xlsx?unit=c11&group=progress").data))
        cover = dict(book.worksheets[0].iter_rows(min_row=2, values_only=True))
        rows = list(book.worksheets[1].iter_rows(min_row=2, values_only=True))
        assert (cover["范围"], cover["类别"], int(cover["行数"])) == ("c11", "报送办理", len(rows))
        assert int(cover["事件链长度"]) >= len(rows) > 0
        assert re.fullmatch("[0-9a-f]{64}", cover["末条哈希"])

    def test_writing_out_is_an_event_and_not_in_the_file(self, site):
        browser = site.person("c12", Role.AUDITOR)
        assert "导出清单" not in browser.client.get("/audit/export.csv?unit=c12").text
        assert "导出清单" in browser.client.get("/audit/export.csv?unit=c12").text

    @pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t"])
    def test_nothing_is_a_formula(self, site, beginning):
        actor = site.world.actor("c13")
        subject = f"{beginning}cmd|'/c calc'!A1"
        with transaction(actor) as session:
            events.record(
                session,
                actor,
                "collection_changed",
                subject,
                unit_code="c13",
                root_id=actor.place.root_id,
                after={"x": subject},
            )
        browser = site.person("c13", Role.UNIT_ADMIN)
        text = browser.client.get("/audit/export.csv").text
        assert text.startswith("\ufeff")
        assert not [
            cell for row in rows_of(text) for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t"))
        ]
        book = load_workbook(io.BytesIO(browser.client.get("/audit/export.xlsx").data))
        assert {cell.data_type for row in book.worksheets[1].iter_rows() for cell in row} <= {"s", "n"}

    def test_too_many_rows_are_refused(self, site, monkeypatch):
        monkeypatch.setattr("portal.web.present.exports.LIMITS", {"csv": 1, "xlsx": 1})
        response = site.person("p1", Role.AUDITOR).client.get("/audit/export.csv")
        assert response.status_code == 422
        assert "缩小时间范围" in response.text


class TestDownloads:
    def kinds(self, site, unit: str, subject: str) -> list[tuple[str, dict]]:
        actor = site.world.actor(unit)
        with transaction(actor) as session:
            found = audit_events(session, actor, EventFilter(unit=unit, subject=subject), limit=5)
        return [(event.kind, dict(event.after)) for event in found]

    def test_a_template_is_on_record(self, site):
        content = site.person("d121", Role.FILLER).client.get("/submissions/d121-2023-T/template.xlsx").data
        [(kind, after), *_] = self.kinds(site, "d121", "d121-2023-T")
        assert (kind, after["what"], after["size"]) == ("file_downloaded", "template", len(content))

    def test_a_receipt_is_on_record_with_who_looked(self, site):
        assert site.person("c11", Role.REVIEWER).client.get("/submissions/d111-2023-T/receipt").status_code == 200
        [(kind, after), *_] = self.kinds(site, "d111", "d111-2023-T")
        assert (kind, after) == ("file_downloaded", {"what": "receipt", "version": 1})

    def test_reading_a_page_is_none(self, site):
        before = self.kinds(site, "d111", "d111-2023-T")
        site.person("d111").get("/submissions/d111-2023-T/")
        assert self.kinds(site, "d111", "d111-2023-T") == before


def test_a_submissions_page_tells_its_course(site: Site) -> None:
    site.world.submit("c13")
    site.world.take("c13", Action.SEND_BACK, by="p1", reason="请核对 T101")
    text = site.person("c13", Role.FILLER).get("/submissions/c13-2023-T/").text
    assert [word for word in ("改数", "上报", "退回", "请核对 T101", "T101 检查次数") if word not in text] == []


def test_a_roles_screens_are_on_record(site: Site) -> None:
    browser = site.person("p1", Role.SYSTEM_ADMIN)
    with transaction(None) as session:
        role = session.scalars(select(ScreenRole).where(ScreenRole.name == Role.PUBLISHER)).one()
        kept = [view.id for view in role.permissions if view.view_menu.name != "Tasks"]
        added = session.scalars(select(PermissionView.id).join(ViewMenu).where(ViewMenu.name == "Review")).first()
        role_id = role.id
    response = browser.post(f"/roles/edit/{role_id}", {"name": "publisher", "permissions": [*kept, added]})
    assert response.status_code == 302
    actor = site.world.actor("p1", Role.SYSTEM_ADMIN)
    with transaction(actor) as session:
        [event, *_] = audit_events(session, actor, EventFilter(of_portal=True), limit=1)
    assert (event.kind, event.subject, event.actor) == ("screens_changed", "publisher", "张某")
    assert (event.before, event.after) == ({"screens": ["menu_access Tasks"]}, {"screens": ["menu_access Review"]})
