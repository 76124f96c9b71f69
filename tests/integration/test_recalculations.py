"""A calculated figure stays as it was accepted; what a newer formula makes of the same answers is told beside it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import yaml

from portal.db import transaction
from portal.domain.addition_file import read_addition
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.errors import FormInvalid, NotFound, NotPermitted
from portal.queries.forms import find_form
from portal.queries.people import portal_actor
from portal.queries.recalculated_rows import Recalculated
from portal.queries.recalculations import list_recalculated
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import roll_up
from portal.queries.submissions import get_submission
from portal.services import additions, collections, forms
from tests.additions import addition_text, join
from tests.statements import statements
from tests.world import FORM, PERIOD, World

NEXT = Period(2024)


def version(number: int, *, ratio: dict[str, str] | None = None, renamed: bool = False) -> FormVersion:
    """A later version: T104 by another formula, T102 under another name."""
    content = yaml.safe_load(FORM)
    content["number"] = number
    listed = {each["code"]: each for sheet in content["sheets"][:2] for each in sheet["indicators"]}
    listed["T104"]["roll_up"] |= ratio or {}
    form = yaml.safe_dump(content, allow_unicode=True)
    if renamed:
        form = form.replace("T102", "T109") + "mapping: [{how: renamed, old: [T102], new: [T109]}]\n"
    return read_form(form)


def in_yuan(number: int) -> FormVersion:
    """A later version that asks for T203 in 元 instead of 万元, and works out T204 from it."""
    content = yaml.safe_load(FORM)
    content["number"] = number
    money = next(each for each in content["sheets"][1]["indicators"] if each["code"] == "T203")
    each = {"code": "T204", "name": "人均支出", "type": "ratio", "source": "calculated", "filled_by": ["district"]}
    way = {"how": "ratio_of_sums", "numerator": "T203", "denominator": "T201"}
    content["sheets"][1]["indicators"].append({**each, "unit": "元/人", "roll_up": way})
    if number > 2:
        money["unit"] = "元"
    else:
        content["mapping"] = [{"how": "new", "new": ["T204"]}]
    return read_form(yaml.safe_dump(content, allow_unicode=True))


def publish(form: FormVersion) -> None:
    with transaction(None) as session:
        forms.publish(session, form)


def recalculated(
    world: World, unit: str = "p1", *, asked_by: str | None = None, by: str = "self"
) -> list[Recalculated]:
    actor = world.actor(asked_by or unit)
    with transaction(actor) as session:
        return list_recalculated(session, actor, unit=unit, by=by)


def numbers(world: World, unit: str) -> dict[str, RollUpRow]:
    actor = world.actor("p1")
    with transaction(actor) as session:
        return {row.indicator: row for row in roll_up(session, actor, unit=unit, period=PERIOD)}


@pytest.fixture
def accepted(world: World) -> World:
    world.accept("d111", T101=Value.of(30), T102=Value.of(12), T103=Value.of(18))
    world.accept("d112")
    world.accept("c11", T101=Value.of(8), T102=Value.of(8), T103=Value.of(0))
    world.accept("d121")
    return world


def test_nothing_is_listed_while_nothing_is_reckoned_otherwise(accepted: World) -> None:
    assert recalculated(accepted) == []
    publish(version(2, renamed=True))
    assert recalculated(accepted) == []


def test_answers_of_which_nothing_can_be_another_are_not_read(accepted: World) -> None:
    def reading() -> list[str]:
        return [each for each in statements(lambda: recalculated(accepted)) if "FROM submission" in each]

    assert reading() == []
    publish(version(2, ratio={"numerator": "T103"}))
    assert reading()


def test_what_was_accepted_stays_whatever_is_published(accepted: World) -> None:
    def everything() -> list[object]:
        actor = accepted.actor("d111")
        with transaction(actor) as session:
            own = get_submission(session, actor, accepted.key("d111")).values
        return [own, *(numbers(accepted, unit) for unit in ("p1", "c11", "d111"))]

    before = everything()
    publish(version(2, ratio={"numerator": "T103"}))
    assert everything() == before
    accepted.take("d112", Action.REOPEN, by="c11", reason="更正")
    accepted.submit("d112")
    accepted.take("d112", Action.ACCEPT, by="c11")  # by the version that was sent down
    assert everything() == before


def test_the_difference_is_listed_with_the_version_that_made_it(accepted: World) -> None:
    publish(version(2, ratio={"numerator": "T103"}))
    publish(version(3, ratio={"numerator": "T103", "multiplier": "1000"}))
    [row] = recalculated(accepted)
    assert (row.period, row.form, row.indicator.code) == (PERIOD, "T", "T104")
    assert (row.published.value, row.anew.value) == (Decimal("48.27586206896551724137931034"), Decimal(30000) / 58)
    assert row.difference == Decimal("468.96551724137931034482758626")
    assert [each.number for each in row.editions] == [3, 2]
    assert row.formulas == ("(T102) ÷ (T101) × 100", "(T103) ÷ (T101) × 1000")
    assert (row.published.reported, row.anew.reported, row.anew.expected) == (4, 4, row.published.expected)


def test_every_unit_has_its_own(accepted: World) -> None:
    publish(version(2, ratio={"numerator": "T103"}))
    by_district = {row.published.unit_code: row for row in recalculated(accepted, by="level:district")}
    assert {code: (row.published.value, row.anew.value) for code, row in by_district.items()} == {
        "d111": (40, 60), "d112": (40, 60), "d121": (40, 60),
    }  # fmt: skip
    cities = {row.published.unit_code: row for row in recalculated(accepted, by="children")}
    assert cities["c11"].anew.value == Decimal(2400) / 48
    assert (cities["c13"].published.value, cities["c13"].anew.value, cities["c13"].difference) == (None, None, None)


def test_a_renamed_figure_is_reckoned_with_under_its_new_name(accepted: World) -> None:
    publish(version(2, renamed=True))
    publish_renamed = version(3, ratio={"numerator": "T101-T102", "multiplier": "1"}, renamed=True)
    with pytest.raises(FormInvalid):  # it was renamed already
        publish(publish_renamed)
    publish(replace(publish_renamed, mapping=()))
    [row] = recalculated(accepted)
    assert row.formulas == ("(T102) ÷ (T101) × 100", "(T101-T109) ÷ (T101)")
    assert row.anew.value == Decimal(58 - 28) / 58
    assert [each.number for each in row.editions] == [3]


def test_an_input_in_another_unit_of_measure_makes_another_number(world: World) -> None:
    publish(in_yuan(2))
    with transaction(None) as session:
        actor = portal_actor(session, "p1")
    with transaction(actor) as session:
        collections.send_down(session, actor, in_yuan(2), NEXT, opens_on=NEXT.ends_on, due_on=date(2025, 1, 31))
    world.accept("d111", NEXT)
    publish(in_yuan(3))
    [row] = recalculated(world)
    assert (row.published.value, row.anew.value) == (Decimal("0.0125"), 125)
    assert [each.number for each in row.editions] == [3]


def add(world: World, number: int, formula: str) -> None:
    traits = f"name: 合计, unit: 次, type: count, roll_up: sum, source: calculated, formula: {formula}"
    text = addition_text("c11", number).replace("min: 0}", f"min: 0}}\n      - {{code: UC11_T_03, {traits}}}", 1)
    with transaction(None) as session:
        added = read_addition(text, lambda code, version: find_form(session, code, version))
    actor = world.actor("c11", Role.UNIT_ADMIN)
    with transaction(actor) as session:
        additions.publish(session, actor, added)


def test_what_a_unit_added_is_told_of_too(world: World) -> None:
    add(world, 1, "T101 + UC11_T_01")
    join(world, "c11")
    world.accept("d111", UC11_T_01=Value.of(2))
    assert recalculated(world, "c11") == []
    add(world, 2, "T101 + 2 * UC11_T_01")
    [row] = recalculated(world, "c11")
    assert (row.published.value, row.anew.value, row.difference) == (12, 14, 2)
    assert [(each.unit, each.number) for each in row.editions] == [("c11", 2)]
    assert recalculated(world, "p1") == []  # what a unit adds goes up to it, and no further


def test_figures_are_for_those_who_see_where_numbers_come_from(accepted: World) -> None:
    publish(version(2, ratio={"numerator": "T103"}))
    assert len(recalculated(accepted, "d111")) == 1
    for other, roles in (("d112", ()), ("p2", ()), ("p1", (Role.PARTNER,))):
        actor = accepted.actor(other, *roles)
        with transaction(actor) as session, pytest.raises(NotPermitted):
            list_recalculated(session, actor, unit="d111")
    actor = accepted.actor("p1")
    with transaction(actor) as session, pytest.raises(NotFound):
        list_recalculated(session, actor, unit="nowhere", period=PERIOD)
