"""A year of which a form was sent down for one half, and for the quarters of the other."""

from datetime import date
from decimal import Decimal

import pytest

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value
from portal.queries.people import portal_actor
from portal.queries.rollups.over_time import roll_up_made
from portal.services import collections, forms, moves, values
from tests.world import World

FORM = """
code: S
number: 1
name: 进度
period: half
levels: [district]
sheets:
- code: S1
  name: 一
  indicators:
  - {code: S101, name: 办件, unit: 件, type: count, roll_up: sum}
  - {code: S102, name: 在册, unit: 人, type: count, stock: true, roll_up: sum}
  - {code: S103, name: 月均在册, unit: 人, type: count, stock: true, over_time: average, roll_up: sum}
"""
FIGURES = {"2023H1": 6, "2023Q3": 20, "2023Q4": 5}
"""What d111 reported of everything; d112 reported twice as much, but nothing for the last quarter."""


@pytest.fixture
def mixed(world: World) -> World:
    versions = {"H": read_form(FORM), "Q": read_form(FORM.replace("number: 1", "number: 2").replace("half", "quarter"))}
    with transaction(None) as session:
        for version in versions.values():
            forms.publish(session, version)
        sender = portal_actor(session, "p1")
    above = world.actor("c11")
    for code, figure in FIGURES.items():
        period, form = Period.parse(code), versions[code[4]]
        with transaction(sender) as session:
            days = {"opens_on": period.starts_on, "due_on": date(2024, 1, 31)}
            collections.send_down(session, sender, form, period, **days)
        for unit, times in (("d111", 1), ("d112", 2)):
            if (unit, code) == ("d112", "2023Q4"):
                continue
            actor, key = world.actor(unit), SubmissionKey(unit, period, form.code)
            with transaction(actor) as session:
                values.save_values(session, actor, key, {each: Value.of(figure * times) for each in form.codes})
                moves.take(session, actor, key, Action.SUBMIT)
            with transaction(above) as session:
                moves.take(session, above, key, Action.ACCEPT)
    return world


def test_the_half_and_the_quarters_make_the_year(mixed: World) -> None:
    actor = mixed.actor("p1")
    with transaction(actor) as session:
        found = {
            (row.unit_code, row.indicator): row
            for row in roll_up_made(session, actor, unit="c11", period=Period(2023), by="children")
            if row.what.code.startswith("S")
        }
    whole, gap = (found[unit, "S101"] for unit in ("d111", "d112"))
    assert (whole.value, whole.partial, list(map(str, whole.periods))) == (31, False, list(FIGURES))
    assert (gap.value, gap.partial, list(map(str, gap.missing))) == (52, True, ["2023Q4"])
    assert found["d111", "S102"].value == 5
    assert found["d111", "S103"].value == Decimal(6 * 6 + 20 * 3 + 5 * 3) / 12
