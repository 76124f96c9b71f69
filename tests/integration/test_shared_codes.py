"""Accepted figures go by the indicator's code: no two forms of one tree may ask for the same in one period."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from time import monotonic, sleep

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.policy import Role
from portal.errors import Duplicate, InvalidInput, NotPermitted
from portal.services import collections, form_drafts, forms
from tests.databases import TestServer
from tests.world import PERIOD, World

FORM = """
code: {code}
number: 1
name: 专项
period: year
levels: [province, city, district]
sheets:
  - code: S
    name: 表
    indicators:
      - {{code: SAME, name: 件数, unit: 件, type: count, roll_up: sum, min: 0}}
      - {{code: {code}1, name: 人数, unit: 人, type: count, roll_up: sum, min: 0}}
"""


WAITING = text("""
    select count(*) from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())
""")
WAITING_ON_A_NODE = text("select count(*) from citus_lock_waits")


def send(world: World, unit: str, code: str, before_commit: Callable[[Session], None] = lambda _session: None) -> None:
    form, actor = read_form(FORM.format(code=code)), world.actor(unit, Role.UNIT_ADMIN)
    with transaction(None) as session:
        forms.publish(session, form)
    with transaction(actor) as session:
        collections.send_down(session, actor, form, PERIOD, opens_on=PERIOD.ends_on, due_on=date(2024, 1, 31))
        before_commit(session)


@pytest.mark.parametrize(("first", "second"), [("c11", "c12"), ("c11", "p1"), ("p1", "c11")])
def test_a_code_that_another_form_of_the_tree_asks_for_is_refused(world: World, first: str, second: str) -> None:
    send(world, first, "A")
    with pytest.raises(InvalidInput) as caught:
        send(world, second, "B")
    assert (caught.value.problem, caught.value.value) == ("indicators_taken", "SAME")


def test_of_two_who_send_it_down_at_once_the_second_waits_and_is_refused(
    committed_world: World, test_server: TestServer
) -> None:
    """Nobody sees what is not committed yet: without waiting, both cities would send the code to the province."""
    waiting = WAITING_ON_A_NODE if test_server.distributed else WAITING
    with ThreadPoolExecutor(1) as pool:
        second: list[Future[None]] = []

        def begin_second(session: Session) -> None:
            second.append(pool.submit(send, committed_world, "c12", "B"))
            until = monotonic() + 60
            while not session.scalar(waiting):
                assert not second[0].done(), "it did not wait"
                assert monotonic() < until, "it never came so far"
                sleep(0.02)

        send(committed_world, "c11", "A", begin_second)
        with pytest.raises(InvalidInput) as caught:
            second[0].result(60)
    assert (caught.value.problem, caught.value.value) == ("indicators_taken", "SAME")


def test_what_others_sent_is_told_to_nobody_of_another_tree(world: World) -> None:
    send(world, "c11", "A")
    root_id = world.actor("p1").place.root_id
    told = {}
    for unit in ("c12", "p1", "p2", "d211"):
        with transaction(world.actor(unit)) as session:
            told[unit] = len(session.scalars(select(func.versions_collected(root_id, str(PERIOD)))).all())
    with transaction(None) as session:
        told[""] = len(session.scalars(select(func.versions_collected(root_id, str(PERIOD)))).all())
    assert told == {"c12": 2, "p1": 2, "p2": 0, "d211": 0, "": 0}


def test_the_form_itself_is_refused_a_second_time(world: World) -> None:
    send(world, "c11", "A")
    with pytest.raises(Duplicate):
        send(world, "c12", "A")


def test_another_tree_may_ask_for_it(world: World) -> None:
    send(world, "p1", "A")
    send(world, "p2", "B")


def test_cities_have_no_forms_of_their_own(world: World) -> None:
    for unit in ("c11", "c12"):
        actor = world.actor(unit, Role.UNIT_ADMIN)
        with transaction(actor) as session, pytest.raises(NotPermitted):
            form_drafts.begin(session, actor, "OWN", "本市报表")
