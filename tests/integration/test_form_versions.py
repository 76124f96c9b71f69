"""A new version of a form: last year's figures are found under what they were called, or not at all."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
import yaml

from dashboards.compared_rows import _summed, load
from dashboards.context import resolve
from dashboards.filters import Filters
from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.forms import Change, ChangeKind, FormVersion
from portal.domain.lifecycle import Action
from portal.domain.mapping import Term
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value
from portal.errors import FormInvalid
from portal.queries.cell_history import get_cell_history
from portal.queries.filling import get_filling
from portal.queries.findings import check_submission
from portal.queries.people import portal_actor
from portal.queries.rollups.lineage import trace
from portal.queries.rollups.over_time import indicators_then
from portal.queries.rollups.totals import roll_up
from portal.services import collections, forms, moves, values
from tests.world import FORM, World

NEXT = Period(2024)
CHANGES = """
- {how: renamed, old: [T107], new: [T109]}
- {how: merged, old: [T102, T103], new: [T108]}
- {how: split, old: [T101], new: [T110, T111]}
- {how: dropped, old: [T104, T105]}
- {how: new, new: [T112]}
"""


def second_version() -> str:
    content = yaml.safe_load(FORM)
    content["number"] = 2
    listed = {each["code"]: each for each in content["sheets"][0]["indicators"]}
    count = {"name": "数", "unit": "次", "type": "count", "roll_up": "sum"}
    content["sheets"][0]["indicators"] = [
        {"code": "T108", **count, "min": 0},
        {"code": "T110", **count},
        {"code": "T111", **count},
        listed["T106"],
        listed["T107"] | {"code": "T109"},
        {**count, "code": "T112", "source": "calculated", "formula": "T108-LY(T108)"},
    ]
    next(each for each in content["sheets"][1]["indicators"] if each["code"] == "T203")["unit"] = "元"
    content["rules"] = [{"id": "T108-E1", "severity": "explain", "indicator": "T108", "expression": "T108>=LY(T108)"}]
    content["mapping"] = yaml.safe_load(CHANGES)
    return yaml.safe_dump(content, allow_unicode=True)


@pytest.fixture
def succeeded(world: World) -> FormVersion:
    return succeed(world)


def succeed(world: World) -> FormVersion:
    """Accept a report in the first version, and send the second one down for the next year."""
    world.accept("d111")
    form = read_form(second_version())
    with transaction(None) as session:
        forms.publish(session, form)
        actor = portal_actor(session, "p1")
    with transaction(actor) as session:
        collections.send_down(session, actor, form, NEXT, opens_on=NEXT.ends_on, due_on=date(2025, 1, 31))
    return form


def test_last_years_figures_follow_the_mapping(world: World, succeeded: FormVersion) -> None:
    actor = world.actor("d111")
    with transaction(actor) as session:
        last_year = get_filling(session, actor, SubmissionKey("d111", NEXT, "T")).last_year
    assert last_year["T109"] == Value.of(7)
    assert last_year["T108"] == Value.of(10)
    assert last_year["T106"] == Value.of("良好")
    assert last_year["T203"] == Value.of(12_500)  # 1.25 万元
    assert not {"T101", "T104", "T105", "T107", "T110", "T111"} & last_year.keys()


def test_the_past_of_a_cell_goes_on_under_the_new_name(world: World, succeeded: FormVersion) -> None:
    actor, key = world.actor("d111"), SubmissionKey("d111", NEXT, "T")
    with transaction(actor) as session:
        past = {code: get_cell_history(session, actor, key, code).earlier for code in ("T109", "T108", "T203", "T110")}
    assert past == {
        "T109": {"2023": Value.of(7)},
        "T108": {"2023": Value.of(10)},
        "T203": {"2023": Value.of(12_500)},
        "T110": {"2023": None},
    }


def test_a_number_is_traced_to_the_cells_of_the_year_before(world: World, succeeded: FormVersion) -> None:
    world.accept("d112")
    for unit in ("d111", "d112"):
        actor, above, key = world.actor(unit), world.actor("c11"), SubmissionKey(unit, NEXT, "T")
        answers = {
            **dict.fromkeys(("T108", "T110", "T111", "T109", "T201", "T202", "T203"), Value.of(20)),
            "T106": Value.of("良好"),
        }
        with transaction(actor) as session:
            values.save_values(session, actor, key, answers)
            moves.take(session, actor, key, Action.SUBMIT)
        with transaction(above) as session:
            moves.take(session, above, key, Action.ACCEPT)
    with transaction(above) as session:
        found = trace(session, above, unit="c11", period=NEXT, indicator="T112")
    assert [each.amount for each in found] == [10, 10]
    assert [(str(each.submission.period), each.indicator) for each in found[0].figures] == [
        ("2024", "T108"), ("2023", "T102"), ("2023", "T103"),
    ]  # fmt: skip


OTHER = """
code: S
number: 1
name: 另一张表
period: year
levels: [district]
sheets:
- {code: S1, name: 表, indicators: [{code: S101, name: 数, unit: 次, type: count, roll_up: sum}]}
rules:
- {id: S101-B1, severity: explain, indicator: S101, expression: S101 >= LY(T.CODE)}
"""


@pytest.mark.parametrize(("code", "expected"), [("T107", "≥7"), ("T109", "≥7"), ("T108", "≥10"), ("T110", None)])
def test_rules_of_another_form_find_it_by_either_name(world: World, code: str, expected: str | None) -> None:
    form, actor, key = read_form(OTHER.replace("CODE", code)), world.actor("d111"), SubmissionKey("d111", NEXT, "S")
    if code not in world.form.by_code:
        succeed(world)
    with transaction(None) as session:
        forms.publish(session, form)
        top = portal_actor(session, "p1")
    if code in world.form.by_code:
        succeed(world)
    with transaction(top) as session:
        collections.send_down(session, top, form, NEXT, opens_on=NEXT.ends_on, due_on=date(2025, 1, 31))
    with transaction(actor) as session:
        values.save_values(session, actor, key, {"S101": Value.of(6)})
        found = check_submission(session, actor, key).findings
    assert [each.expected for each in found if each.rule] == ([expected] if expected else [])


def test_comparisons_look_at_what_it_was_called(world: World, succeeded: FormVersion) -> None:
    actor = world.actor("p1")

    def then(code: str) -> list[tuple[str, Fraction]] | None:
        found = indicators_then(session, actor.place, code, NEXT, NEXT.last_year)
        return None if found is None else [(indicator.code, term.factor) for indicator, term in found]

    with transaction(actor) as session:
        assert [then(code) for code in ("T109", "T108", "T110", "T106", "T203", "T104")] == [
            [("T107", 1)], [("T102", 1), ("T103", 1)], [], [("T106", 1)], [("T203", 10_000)], None,
        ]  # fmt: skip
        both = indicators_then(session, actor.place, "T108", NEXT, NEXT.last_year)
        assert both
        parts = [
            (
                {
                    row.unit_code: row
                    for row in roll_up(session, actor, unit="d111", period=NEXT.last_year, indicators=[each.code])
                },
                term,
            )
            for each, term in both
        ]
    assert _summed(parts)["d111"].value == 10
    assert _summed([(parts[0][0], Term("T102", Fraction(1, 8)))])["d111"].value == Decimal("0.5")


def test_the_ranking_says_where_the_series_breaks(world: World, succeeded: FormVersion) -> None:
    actor = world.actor("p1")
    broken = {}
    with transaction(actor) as session:
        for code in ("T109", "T110", "T112"):
            context = resolve(session, actor, Filters(period=str(NEXT), indicator=code))
            broken[code] = load(session, context).broken
        first = resolve(session, actor, Filters(period=str(NEXT.last_year), indicator="T101"))
        broken["T101"] = load(session, first).broken
    assert broken == {"T109": False, "T110": True, "T112": True, "T101": False}


def test_a_version_that_forgets_an_indicator_is_not_published(world: World) -> None:
    form = read_form(second_version())
    forgetful = replace(form, mapping=(*form.mapping[:-2], Change(ChangeKind.DROPPED, ("T104",)), form.mapping[-1]))
    with transaction(None) as session, pytest.raises(FormInvalid, match="T105"):
        forms.publish(session, forgetful)


def test_a_rule_on_last_years_figures_holds_across_versions(world: World, succeeded: FormVersion) -> None:
    actor, key = world.actor("d111"), SubmissionKey("d111", NEXT, "T")
    with transaction(actor) as session:
        values.save_values(session, actor, key, {"T108": Value.of(9)})
        found = check_submission(session, actor, key).findings
    assert [(each.rule, each.expected) for each in found if each.rule] == [("T108-E1", "≥10")]
