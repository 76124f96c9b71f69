"""How long a clerk waits, on a sheet of 300 cells, from leaving a cell until every check of the sheet is back."""

import statistics
import time
from datetime import date

from portal.db import transaction
from portal.domain.actors import Actor, Role
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value
from portal.queries.people import portal_actor
from portal.services import collections, forms, moves
from portal.services.values import save_values
from tests.web.conftest import Site, environ, site
from tests.world import TREE, World

__all__ = ["environ", "site"]

CELLS = 300
ROUNDS = 15
MILLISECONDS = 150
UNIT = "d111"


def wide_form() -> FormVersion:
    """One sheet: every third cell is the whole of the two after it, every cell is held against last year and its peers."""
    cells, rules = [], []
    for number in range(0, CELLS, 3):
        whole, one, other = (f"W{number + step:03}" for step in range(3))
        for code, extra in ((whole, "parts: exhaustive"), (one, f"part_of: {whole}"), (other, f"part_of: {whole}")):
            cells.append(
                f"  - {{code: {code}, name: 第{code}项, unit: 万元, type: amount, roll_up: sum, min: 0, explain_change: 30,"
                f" outlier: 5, {extra}}}"
            )
        rules += [
            f"- {{id: {whole}-E1, severity: explain, indicator: {one}, expression: {one}<={whole}}}",
            f"- {{id: {whole}-E2, severity: explain, indicator: {whole}, expression: if {whole}>0 then {one}+{other}>0}}",
            f"- {{id: {whole}-E3, severity: explain, indicator: {other}, expression: {other}<=LY({other})*2}}",
        ]
    head = ["code: W", "number: 1", "name: 宽表", "period: year", "levels: [province, city, district]", "sheets:"]
    sheet = ["- code: W1", "  name: 一张大表", "  indicators:", *cells]
    return read_form("\n".join([*head, *sheet, "rules:", *rules]))


def figures(form: FormVersion, factor: int) -> dict[str, Value]:
    """Answers that break no rule, about `factor` large."""
    numbers = {code: factor + position for position, code in enumerate(form.codes)}
    numbers |= {code: sum(numbers[part.code] for part in form.parts[code]) for code in form.codes[::3]}
    return {code: Value.of(number) for code, number in numbers.items()}


def actor_of(world: World, unit: str) -> Actor:
    return world.actor(unit, Role.FILLER, Role.HEAD, Role.REVIEWER)


def send_down(form: FormVersion, year: int) -> None:
    with transaction(None) as session:
        forms.publish(session, form)
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        collections.send_down(
            session, sender, form, Period(year), opens_on=date(year, 12, 1), due_on=date(year, 12, 31)
        )


def fill(world: World, unit: str, form: FormVersion, year: int, factor: int, *actions: Action) -> None:
    key = SubmissionKey(unit, Period(year), form.code)
    actor = actor_of(world, unit)
    with transaction(actor) as session:
        save_values(session, actor, key, figures(form, factor))
    for action in actions:
        by = actor_of(world, unit if action is Action.SUBMIT else TREE[unit][0])
        with transaction(by) as session:
            moves.take(session, by, key, action)


def test_a_check_of_300_cells(site: Site) -> None:
    form = wide_form()
    send_down(form, 2022)
    send_down(form, 2023)
    fill(site.world, UNIT, form, 2022, 100, Action.SUBMIT, Action.ACCEPT)
    fill(site.world, UNIT, form, 2023, 110)
    clerk = site.person(UNIT, Role.FILLER)
    clerk.get(f"/submissions/{UNIT}-2023-W/sheets/W1")
    token, times, busy = clerk.token(), [], time.process_time()
    for number in range(ROUNDS):
        cell = {"W000": {"answer": str(300 + number), "row_version": str(1 + number)}}
        began = time.perf_counter()
        response = clerk.client.patch(
            f"/submissions/{UNIT}-2023-W/sheets/W1", json={"cells": cell}, headers={"X-CSRFToken": token}
        )
        times.append((time.perf_counter() - began) * 1000)
        assert response.status_code == 200, response.text
        assert response.json["rows"]["W000"]["remarks"]
    print(
        f"\n{(time.process_time() - busy) * 1000 / ROUNDS:.0f} ms of this process;"
        f" check of {CELLS} cells: median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms of {len(times)}"
    )
    assert statistics.median(times) < MILLISECONDS
