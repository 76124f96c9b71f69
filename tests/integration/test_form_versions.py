"""A new version of a form: last year's figures are found under what they were called, or not at all."""

from dataclasses import replace
from datetime import date

import pytest
import yaml

from dashboards.compared_rows import _summed
from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.forms import Change, ChangeKind, FormVersion
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value
from portal.errors import FormInvalid
from portal.queries.filling import get_filling
from portal.queries.findings import check_submission
from portal.queries.forms import indicators_then
from portal.queries.people import portal_actor
from portal.queries.rollups import roll_up
from portal.services import collections, forms, values
from tests.world import FORM, World

NEXT = Period(2024)
CHANGES = """
- {how: renamed, old: [T107], new: [T109]}
- {how: merged, old: [T102, T103], new: [T108]}
- {how: split, old: [T101], new: [T110, T111]}
- {how: dropped, old: [T104, T105]}
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
    ]
    content["rules"] = [{"id": "T108-E1", "severity": "explain", "indicator": "T108", "expression": "T108>=LY(T108)"}]
    content["mapping"] = yaml.safe_load(CHANGES)
    return yaml.safe_dump(content, allow_unicode=True)


@pytest.fixture
def succeeded(world: World) -> FormVersion:
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
    assert not {"T101", "T104", "T105", "T107", "T110", "T111"} & last_year.keys()


def test_comparisons_look_at_what_it_was_called(world: World, succeeded: FormVersion) -> None:
    actor = world.actor("p1")

    def then(code: str) -> list[str]:
        found = indicators_then(session, actor.place.root_id, code, NEXT, NEXT.last_year)
        return [indicator.code for indicator in found]

    with transaction(actor) as session:
        assert [then(code) for code in ("T109", "T108", "T110", "T106", "T104")] == [
            ["T107"], ["T102", "T103"], [], ["T106"], [],
        ]  # fmt: skip
        parts = [
            {
                row.unit_code: row
                for row in roll_up(session, actor, unit="d111", period=NEXT.last_year, indicators=[code])
            }
            for code in then("T108")
        ]
    assert _summed(parts)["d111"].value == 10


def test_a_version_that_forgets_an_indicator_is_not_published(world: World) -> None:
    form = read_form(second_version())
    forgetful = replace(form, mapping=(*form.mapping[:-1], Change(ChangeKind.DROPPED, ("T104",))))
    with transaction(None) as session, pytest.raises(FormInvalid, match="T105"):
        forms.publish(session, forgetful)


def test_a_rule_on_last_years_figures_holds_across_versions(world: World, succeeded: FormVersion) -> None:
    actor, key = world.actor("d111"), SubmissionKey("d111", NEXT, "T")
    with transaction(actor) as session:
        values.save_values(session, actor, key, {"T108": Value.of(9)})
        found = check_submission(session, actor, key).findings
    assert [(each.rule, each.expected) for each in found if each.rule] == [("T108-E1", "≥10")]
