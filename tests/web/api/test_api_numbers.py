"""Numbers over units through the API, and what happened, each as far as the asker may know."""

from decimal import Decimal

import pytest

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.values import NOT_APPLICABLE, Value
from portal.services import rollup_entries
from tests.world import PERIOD


@pytest.fixture(scope="module")
def counted(api):
    """Two districts accepted, one handed in."""
    api.world.accept("d111")
    api.world.accept("d121", T101=Value.of(20), T102=Value.of(8), T103=Value.of(12), T203=NOT_APPLICABLE)
    api.world.submit("d112")
    return api


def rows(api, unit, query):
    return {item["indicator"]: item for item in api.caller(unit).get(f"rollups?period=2023&{query}").json["items"]}


class TestRollUps:
    def test_a_number_carries_what_it_rests_on(self, counted):
        row = rows(counted, "p1", "indicator=T101")["T101"]
        assert (row["value"], row["reported"], row["expected"], row["partial"]) == ("30", 2, 7, True)
        assert (row["scope"], row["tree"], row["pending"], row["unit_of_measure"]) == ("whole", "reported", False, "次")

    def test_a_ratio_is_of_sums(self, counted):
        assert rows(counted, "p1", "indicator=T104")["T104"]["value"] == "40"

    def test_a_distribution_counts_answers(self, counted):
        assert rows(counted, "p1", "indicator=T106")["T106"]["value"] == "良好:2"

    def test_what_is_not_added_up_has_no_value(self, counted):
        row = rows(counted, "p1", "indicator=T107")["T107"]
        assert (row["value"], row["minimum"], row["maximum"]) == (None, "7", "7")

    def test_not_applicable_is_not_expected(self, counted):
        row = rows(counted, "p1", "indicator=T203")["T203"]
        assert (row["reported"], row["expected"], row["not_applicable"]) == (1, 6, 1)

    def test_nothing_reported_is_not_zero(self, counted):
        row = rows(counted, "p2", "indicator=T101")["T101"]
        assert (row["value"], row["reported"], row["expected"]) == (None, 0, 3)

    def test_pending_figures_are_marked(self, counted):
        row = rows(counted, "c11", "indicator=T101&pending=true")["T101"]
        assert (row["value"], row["reported"], row["pending"]) == ("20", 2, True)

    def test_more_than_fits_into_memory_is_refused(self, counted, monkeypatch):
        monkeypatch.setattr("portal.queries.rollups.totals.MOST_ROWS", 3)
        few = counted.caller("p1").get("rollups?period=2023&indicator=T101&by=children")
        many = counted.caller("p1").get("rollups?period=2023&indicator=T101,T102&by=children")
        assert (few.status_code, many.status_code) == (200, 422)
        assert (many.json["code"], "请限定指标" in many.json["detail"]) == ("invalid_input", True)

    def test_by_children_and_by_level(self, counted):
        children = counted.caller("p1").get("rollups?period=2023&indicator=T101&by=children").json["items"]
        districts = counted.caller("p1").get("rollups?period=2023&indicator=T101&by=level:district").json["items"]
        assert [(row["unit"], row["value"]) for row in children] == [("c11", "10"), ("c12", "20"), ("c13", None)]
        assert [row["unit"] for row in districts] == ["d111", "d112", "d121"]

    def test_own_figures_beside_those_below(self, counted):
        found = counted.caller("c12").get("rollups/differences?period=2023").json["items"]
        row = next(row for row in found if row["indicator"] == "T101")
        assert (row["own"], row["children"], row["reported"], row["expected"]) == (None, "20", 1, 1)


def test_completeness_counts_every_state(counted):
    [row] = counted.caller("p1").get("completeness?period=2023").json["items"]
    assert (row["code"], row["form"]) == ("p1", "T")
    assert (row["expected"], row["handed_in"], row["accepted"], row["outstanding"]) == (7, 3, 2, 4)


class TestLineage:
    def test_every_contribution_is_named(self, counted):
        found = counted.caller("p1").get("lineage?period=2023&indicator=T101").json["items"]
        assert [(each["unit"], each["submission"], each["value"]) for each in found] == [
            ("d111", "d111-2023-T", "10"),
            ("d121", "d121-2023-T", "20"),
        ]

    def test_the_number_stands_beside_its_parts_and_who_is_not_in_it(self, counted):
        found = counted.caller("c11").get("lineage?period=2023&indicator=T101").json
        number = found["number"]
        assert (number["value"], number["reported"], number["expected"], number["late"]) == ("10", 1, 3, 1)
        assert [(each["unit"], each["absence"]) for each in found["absent"]] == [("c11", "late"), ("d112", "pending")]
        assert (found["entries"], found["agrees"]) == ([], True)

    def test_a_ratio_rests_on_its_parts(self, counted):
        [each] = counted.caller("c12").get("lineage?period=2023&indicator=T104").json["items"]
        assert (each["amount"], each["weight"]) == ("8", "20")
        assert [(figure["indicator"], figure["number"]) for figure in each["figures"]] == [
            ("T101", "20"),
            ("T102", "8"),
        ]

    def test_a_district_sees_only_itself(self, counted):
        found = counted.caller("d111").get("lineage?period=2023&indicator=T101").json["items"]
        assert [each["unit"] for each in found] == ["d111"]


class TestEvents:
    def test_the_unit_sees_everything(self, counted):
        kinds = [event["kind"] for event in counted.caller("d111").get("events").json["items"]]
        assert kinds == ["submission_accepted", "submission_submitted", "values_changed"]

    def test_the_superior_sees_moves_only(self, counted):
        found = counted.caller("c11").get("events?submission=d111-2023-T").json
        assert [event["kind"] for event in found["items"]] == ["submission_accepted", "submission_submitted"]
        assert found["count"] == 2

    def test_in_pages(self, counted):
        found = counted.caller("d111").get("events?page=2&page_size=2").json
        assert ([event["kind"] for event in found["items"]], found["count"]) == (["values_changed"], 3)

    def test_only_a_reviewer_or_auditor_looks_below(self, counted):
        assert counted.caller("c11", Role.HEAD).get("events?unit=d111").status_code == 403
        assert counted.caller("c11", Role.AUDITOR).get("events?unit=d111").status_code == 200

    def test_a_correction_says_why(self, counted):
        counted.world.take("d121", Action.REOPEN, by="c12", reason="重复统计")
        [latest, *_] = counted.caller("d121").get("events").json["items"]
        assert (latest["kind"], latest["after"]["reason"]) == ("submission_reopened", "重复统计")


class TestEntries:
    def test_what_was_entered_stands_beside_the_number_and_by_itself(self, counted):
        world = counted.world
        actor = world.actor("p1")
        for number, amount in enumerate((2, -3)):
            with transaction(actor) as session:
                rollup_entries.enter(
                    session,
                    actor,
                    unit="c11",
                    period=PERIOD,
                    indicator="T103",
                    entry=Entry(EntryKind.ADJUSTMENT, Decimal(amount)),
                    reason="两级各登记一次",
                    seen=number,
                )
        with transaction(actor) as session:
            rollup_entries.withdraw(
                session, actor, unit="c11", period=PERIOD, indicator="T103", number=1, reason="有误", seen=2
            )
        row = rows(counted, "p1", "indicator=T103")["T103"]
        assert [row[key] for key in ("value", "original", "eliminated", "adjusted")] == ["3", "6", None, "-3"]
        listed = counted.caller("c11").get("rollups/entries?period=2023&indicator=T103").json["items"]
        assert [
            (each["number"], each["amount"], each["withdrawn"] and each["withdrawn"]["reason"]) for each in listed
        ] == [
            (1, "2", "有误"),
            (2, "-3", None),
        ]
        assert {(each["unit"], each["kind"], each["entered_by"]) for each in listed} == {
            ("c11", "adjustment", "p1 的人")
        }
        assert counted.caller("c12").get("rollups/entries?period=2023").json["items"] == []

    def test_a_difference_names_the_parts_below(self, counted):
        (row,) = [
            each
            for each in counted.caller("c11").get("rollups/differences?period=2023").json["items"]
            if each["indicator"] == "T103"
        ]
        assert (row["own"], row["children"], row["adjusted"], row["whole"]) == (None, "6", "-3", "3")
        assert (row["scope"], row["unit_of_measure"], row["verdict"]) == ("own", "次", "incomplete")
        assert [(part["unit"], part["value"], part["reported"]) for part in row["parts"]] == [
            ("d111", "6", 1),
            ("d112", None, 0),
        ]
