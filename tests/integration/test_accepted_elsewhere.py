"""Figures worked out from other forms and from units below stay as they were accepted; where they differ is listed."""

from datetime import date
from decimal import Decimal

import pytest
import yaml

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.values import Value
from portal.queries.people import portal_actor
from portal.queries.recalculated_rows import Recalculated
from portal.queries.recalculations import list_recalculated
from portal.queries.rollups.verification import verify
from portal.queries.submissions import get_submission
from portal.services import collections, forms, values
from tests import world as worlds
from tests.databases import TestServer
from tests.integration.test_corrected_earlier_year import corrupt, differing
from tests.world import PERIOD, World, build_world

COUNT = {"type": "count", "unit": "次"}
ALONE = {**COUNT, "source": "calculated", "roll_up": "none"}
CASES = {"code": "U101", "name": "案件", **COUNT, "roll_up": "sum"}
OTHER = {
    "code": "U",
    "number": 1,
    "name": "另表",
    "period": "year",
    "levels": ["province", "city", "district"],
    "sheets": [{"code": "U1", "name": "表", "indicators": [CASES]}],
}


@pytest.fixture
def world(database: None, monkeypatch: pytest.MonkeyPatch) -> World:
    return told(monkeypatch)


def told(monkeypatch: pytest.MonkeyPatch) -> World:
    """Units that told 10 checks; one of them, in another form, 4 cases."""
    content = yaml.safe_load(worlds.FORM)
    content["sheets"][0]["indicators"] += [
        {"code": "T110", "name": "检查与案件之差", "formula": "T101 - U.U101", **ALONE},
        {"code": "T111", "name": "下级检查", "formula": "CHILDREN(T101)", "filled_by": ["city"], **ALONE},
    ]
    monkeypatch.setattr(worlds, "FORM", yaml.safe_dump(content, allow_unicode=True))
    other = read_form(yaml.safe_dump(OTHER, allow_unicode=True))
    world = build_world()
    with transaction(None) as session:
        forms.publish(session, other)
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        collections.send_down(session, sender, other, PERIOD, opens_on=PERIOD.ends_on, due_on=date(2024, 1, 31))
    tell_cases(World(other), 4)
    for unit in ("d111", "d112", "c11"):
        world.accept(unit)
    return world


def tell_cases(beside: World, cases: int) -> None:
    """Of the other form, in d111."""
    actor = beside.actor("d111")
    with transaction(actor) as session:
        values.save_values(session, actor, beside.key("d111"), {"U101": Value.of(cases)})
    beside.take("d111", Action.SUBMIT)
    beside.take("d111", Action.ACCEPT, by="c11")


def listed(world: World, unit: str) -> list[Recalculated]:
    actor = world.actor(unit)
    with transaction(actor) as session:
        return list_recalculated(session, actor, unit=unit)


def shown(world: World, unit: str, code: str) -> Decimal | None:
    actor = world.actor(unit)
    with transaction(actor) as session:
        return get_submission(session, actor, world.key(unit)).values[code].number


def proved() -> bool:
    with transaction(None) as session:
        portal = portal_actor(session, "p1")
    with transaction(portal) as session:
        return not verify(session, portal.place.root_id)[1]


def test_another_form_that_is_corrected(world: World) -> None:
    assert (shown(world, "d111", "T110"), listed(world, "p1")) == (6, [])
    beside = World(read_form(yaml.safe_dump(OTHER, allow_unicode=True)))
    beside.take("d111", Action.REOPEN, by="c11", reason="更正")
    assert (shown(world, "d111", "T110"), listed(world, "p1")) == (6, [])
    tell_cases(beside, 7)
    assert shown(world, "d111", "T110") == 6
    for unit in ("p1", "c11", "d111"):
        [row] = listed(world, unit)
        assert (row.own, row.published.unit_code, row.indicator.code) == (True, "d111", "T110")
        assert (row.published.value, row.anew.value, row.difference) == (6, 3, -3)
        [one] = row.corrections
        assert (str(one.submission), str(one.correction.reference)) == ("d111-2023-U", "U.U101")
        assert one.correction.versions == (1, 2)
    assert listed(world, "d112") == []
    assert proved()


def test_units_below_that_are_corrected(world: World) -> None:
    assert shown(world, "c11", "T111") == 20
    world.take("d112", Action.REOPEN, by="c11", reason="更正")
    assert shown(world, "c11", "T111") == 20
    assert listed(world, "c11") == []
    world.accept("d112", T101=Value.of(13), T103=Value.of(9))
    assert shown(world, "c11", "T111") == 20
    [row] = listed(world, "c11")
    assert (row.own, row.published.unit_code, row.published.value, row.anew.value) == (True, "c11", 20, 23)
    assert [(str(one.correction.reference), one.correction.versions) for one in row.corrections] == [
        ("CHILDREN(T101)", (None, None))
    ]
    assert proved()


def test_what_was_kept_of_a_sum_below_is_proved(own_database: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    world = told(monkeypatch)
    world.take("d112", Action.REOPEN, by="c11", reason="更正")
    world.accept("d112", T101=Value.of(13), T103=Value.of(9))
    assert differing() == []
    corrupt(
        own_database,
        "update accepted_basis set figures = jsonb_set(figures, '{{0,number}}', '\"23\"')"
        " where jsonb_exists(figures -> 0, 'below')",
    )
    assert differing() == [("basis", "2023", "T-1 CHILDREN(T101)")]


def publish_other(number: int = 2, unit: str = "万次") -> None:
    """The other form in another unit of measure."""
    first = OTHER["sheets"][0]
    newer = {**OTHER, "number": number, "sheets": [{**first, "indicators": [{**CASES, "unit": unit}]}]}
    with transaction(None) as session:
        forms.publish(session, read_form(yaml.safe_dump(newer, allow_unicode=True)))


def publish_newer(*, unit: str = "次", **formulas: str) -> None:
    """The form itself with other formulas."""
    content = yaml.safe_load(worlds.FORM.replace("unit: 次", f"unit: {unit}"))
    content["number"] = 2
    for each in content["sheets"][0]["indicators"]:
        each["formula"] = formulas.get(each["code"], each.get("formula", ""))
    with transaction(None) as session:
        forms.publish(session, read_form(yaml.safe_dump(content, allow_unicode=True)))


def test_another_unit_of_measure_of_another_form_changes_nothing(world: World) -> None:
    publish_other()
    assert listed(world, "p1") == []
    assert proved()


def test_nor_does_it_when_that_form_is_corrected(world: World) -> None:
    publish_other()
    beside = World(read_form(yaml.safe_dump(OTHER, allow_unicode=True)))
    beside.take("d111", Action.REOPEN, by="c11", reason="更正")
    tell_cases(beside, 7)
    [row] = listed(world, "d111")
    assert (row.published.value, row.anew.value, row.difference) == (6, 3, -3)
    assert [each.number for each in row.corrections[0].correction.values] == [4, 7]
    assert proved()
    world.take("d111", Action.REOPEN, by="c11", reason="更正")
    world.accept("d111")
    assert (shown(world, "d111", "T110"), listed(world, "d111")) == (3, [])
    assert proved()


def test_a_newer_formula_means_the_other_form_as_it_was_when_it_was_written(world: World) -> None:
    publish_other()
    publish_newer(T110="T101 * 2 - U.U101 * 10000")
    publish_other(3, "亿次")
    beside = World(read_form(yaml.safe_dump(OTHER, allow_unicode=True)))
    beside.take("d111", Action.REOPEN, by="c11", reason="更正")
    (waiting,) = (row for row in listed(world, "d111") if row.indicator.code == "T110")
    assert (waiting.anew.value, waiting.corrections) == (16, [])
    tell_cases(beside, 7)
    (row,) = (row for row in listed(world, "d111") if row.indicator.code == "T110")
    assert (row.published.value, row.anew.value) == (6, 13)
    assert [each.number for each in row.corrections[0].correction.values] == [Decimal("0.0004"), Decimal("0.0007")]


def test_a_newer_formula_adds_up_units_below_in_its_own_measure(world: World) -> None:
    publish_newer(unit="万次", T111="CHILDREN(T101) * 2")
    (row,) = (row for row in listed(world, "c11") if row.indicator.code == "T111")
    assert (row.published.value, row.anew.value, row.corrections) == (20, Decimal("0.004"), [])
