"""Answers of many units at once: who may, what becomes of each unit, and what a crash leaves behind."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from uuid import UUID

import openpyxl
import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Connection, NullPool, create_engine, text

from importers.identity import UnitName
from importers.template import template
from portal import clock
from portal.db import identity_transaction, transaction
from portal.domain.actors import Actor, Role
from portal.domain.batches import BatchKind, BatchState, LineOutcome
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.lifecycle import Action, State
from portal.domain.units import Level
from portal.domain.values import Value
from portal.errors import InvalidMove, NotFound, NotPermitted, SamePerson, WorkbookUnreadable
from portal.jobs import batch_answers, batches
from portal.models import Membership
from portal.queries.batches import BatchView, content_of, get_batch, list_lines
from portal.queries.events import list_history
from portal.queries.people import portal_actor
from portal.queries.submissions import get_submission
from portal.queries.units import get_unit
from portal.services import moves
from portal.services.batches import cancel, end
from portal.services.collection_changes import change_settings
from tests.databases import TestServer
from tests.world import PERIOD, TREE, World, build_world, good_answers

ROOT = Path(__file__).parents[2]
KEY = CollectionKey("T", PERIOD)
Rows = dict[str, dict[str, object]]


@pytest.fixture
def world(committed_world: World) -> World:
    """A world in which units above may enter answers."""
    allow(entered_above=True)
    return committed_world


@pytest.fixture
def clerk(world: World) -> Actor:
    """A filler of the city c11 with an account."""
    return employed(world, "c11", "clerk", Role.FILLER)


def employed(world: World, unit: str, username: str, *roles: Role) -> Actor:
    with identity_transaction() as session:
        user = User(first_name=username, last_name="张", username=username, email=f"{username}@example.invalid")
        session.add(user)
        session.flush()
        place = get_unit(session, unit)
        for role in roles:
            row = Membership(
                user_id=user.id, unit_id=place.id, unit_path=place.path, role=role, valid_from=PERIOD.starts_on
            )
            session.add(row)
        return replace(world.actor(unit, *roles), user_id=user.id, name=f"张{username}")


def allow(**settings: bool) -> None:
    with transaction(None) as session:
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        change_settings(session, sender, KEY, CollectionSettings(**settings))


def table(actor: Actor, *, with_figures: bool = False) -> openpyxl.Workbook:
    """The table for the actor's units, as it is downloaded."""
    return openpyxl.load_workbook(io.BytesIO(made(actor, BatchKind.TABLE, with_figures=with_figures)))


def made(actor: Actor, kind: BatchKind, *, with_figures: bool = False) -> bytes:
    with transaction(actor) as session:
        batch_id = batches.order(session, actor, KEY, kind, with_figures=with_figures, language="zh")
    run(actor, batch_id)
    with transaction(actor) as session:
        batch = get_batch(session, actor, batch_id)
        assert (batch.state, batch.done) == (BatchState.DONE, batch.total)
        content = b"".join(content_of(session, actor, batch_id))
    assert len(content) == batch.size
    return content


def filled(book: openpyxl.Workbook, rows: Rows) -> bytes:
    """The table with these answers."""
    for sheet in book.worksheets[1:-1]:
        columns = {cell.value: cell.column for cell in sheet[8]}
        for row in sheet.iter_rows(min_row=9):
            for code, answer in rows.get(row[0].value, {}).items():
                if code in columns:
                    sheet.cell(row[0].row, columns[code], answer)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def good_cells(**changes: object) -> dict[str, object]:
    answers = {code: value.number if value.number is not None else value.text for code, value in good_answers().items()}
    return answers | changes


def hand_in(actor: Actor, content: bytes, *, replaces: bool = False, check_only: bool = False) -> UUID:
    with transaction(actor) as session:
        file = io.BytesIO(content)
        return batches.hand_in(session, actor, KEY, "汇总表.xlsx", file, replaces=replaces, check_only=check_only)


def run(actor: Actor, batch_id: UUID, attempts: int = 0) -> None:
    context = SimpleNamespace(job=SimpleNamespace(attempts=attempts))
    batches.process_batch.func(context, unit=actor.place.code, batch_id=str(batch_id))


def entered(actor: Actor, content: bytes, *, replaces: bool = False) -> dict[str, LineOutcome]:
    batch_id = hand_in(actor, content, replaces=replaces)
    run(actor, batch_id)
    return outcomes(actor, batch_id)


def outcomes(actor: Actor, batch_id: UUID) -> dict[str, LineOutcome]:
    with transaction(actor) as session:
        return {line.name: line.outcome for line in list_lines(session, actor, batch_id)}


def report(actor: Actor, batch_id: UUID) -> dict:
    with transaction(actor) as session:
        batch = get_batch(session, actor, batch_id)
    assert batch.state is BatchState.DONE
    assert batch.report is not None
    return batch.report


def draft(world: World, unit: str) -> dict[str, Value]:
    actor = world.actor(unit)
    with transaction(actor) as session:
        view = get_submission(session, actor, world.key(unit))
    return {code: view.values[code] for code in view.origins}


def test_what_was_made_is_dropped_a_month_later(world: World, clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(clerk) as session:
        made_id = batches.order(session, clerk, KEY, BatchKind.TABLE, with_figures=False, language="zh")
    handed_in = hand_in(clerk, b"x")
    for batch_id in (made_id, handed_in):
        run(clerk, batch_id)
    query = (
        "select args, scheduled_at - now() > interval '29 days' from procrastinate_jobs where task_name = 'tidy_batch'"
    )
    with transaction(None) as session:
        assert [tuple(row) for row in session.execute(text(query))] == [
            ({"unit": "c11", "batch_id": str(made_id)}, True)
        ]
    batches.tidy_batch.func(unit="c11", batch_id=str(made_id))
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    with transaction(clerk) as session:
        assert [get_batch(session, clerk, each).has_file for each in (made_id, handed_in)] == [False, True]
        assert list(content_of(session, clerk, made_id)) == []
        assert list(content_of(session, clerk, handed_in)) == [b"x"]


class TestCheckingOnly:
    """What would become of a file, without anything becoming of it."""

    @pytest.fixture(params=["table", "bundle"])
    def content(self, request, world: World, clerk: Actor) -> bytes:
        if request.param == "bundle":
            return bundle(
                {"d111.xlsx": answered(world, "d111"), "d112.xlsx": answered(world, "d112", T101=Value.of(99))}
            )
        return filled(table(clerk), {"d111": good_cells(), "d112": good_cells(T101=99)})

    def test_it_says_what_entering_would_and_enters_nothing(self, world: World, clerk: Actor, content: bytes) -> None:
        checked = hand_in(clerk, content, check_only=True)
        run(clerk, checked)
        assert draft(world, "d111") == draft(world, "d112") == {}
        with transaction(world.actor("d111")) as session:
            assert session.scalar(text("select count(*) from upload")) == 0
            kinds = {each.kind for each in list_history(session, world.actor("d111"), world.key("d111"))}
        assert "values_entered_above" not in kinds
        before = self.lines(clerk, checked)
        with transaction(clerk) as session:
            entered_id = batches.enter_checked(session, clerk, checked)
        run(clerk, entered_id)
        assert self.lines(clerk, entered_id) == before
        assert draft(world, "d111") == good_answers()
        assert draft(world, "d112")["T101"].number == 99

    def lines(self, clerk: Actor, batch_id: UUID) -> list:
        with transaction(clerk) as session:
            lines = list_lines(session, clerk, batch_id)
        assert {line.outcome for line in lines} >= {LineOutcome.STORED}
        return lines

    def test_only_what_was_only_checked_is_entered_after_all(self, world: World, clerk: Actor, content: bytes) -> None:
        waiting = hand_in(clerk, content, check_only=True)
        stranger = employed(world, "c12", "stranger", Role.FILLER)
        head = replace(clerk, roles=frozenset({Role.HEAD}))
        for actor, refusal in ((clerk, InvalidMove), (stranger, NotFound), (head, NotPermitted)):
            with pytest.raises(refusal), transaction(actor) as session:
                batches.enter_checked(session, actor, waiting)
        written = hand_in(clerk, content)
        run(clerk, written)
        with pytest.raises(InvalidMove), transaction(clerk) as session:
            batches.enter_checked(session, clerk, written)


class TestTable:
    def test_what_is_filled_in_is_entered_exactly(self, world: World, clerk: Actor) -> None:
        content = filled(
            table(clerk), {"d111": good_cells(), "d112": good_cells(T203=None, T202="不适用", T101="约10")}
        )
        found = entered(clerk, content)
        assert found == {"c11": LineOutcome.EMPTY, "d111": LineOutcome.STORED, "d112": LineOutcome.STORED}
        assert draft(world, "d111") == good_answers()
        other = draft(world, "d112")
        assert "T203" not in other
        assert other["T202"].status == "not_applicable"
        assert other["T101"].approximate

    def test_the_unit_reads_who_entered_it_and_from_which_cell(self, world: World, clerk: Actor) -> None:
        entered(clerk, filled(table(clerk), {"d111": good_cells()}))
        actor = world.actor("d111")
        with transaction(actor) as session:
            view = get_submission(session, actor, world.key("d111"))
            history = list_history(session, actor, world.key("d111"))
        assert view.state is State.DRAFTING
        assert view.task.answered == len(good_answers())
        assert view.origins["T202"].entered_by == clerk.name
        assert view.origins["T202"].cell == "T2 第二表!E10"
        (event,) = [each for each in history if each.kind == "values_entered_above"]
        assert (event.actor, event.actor_unit) == (clerk.name, "c11")
        assert event.after["T202"] == "650.5"

    def test_a_unit_is_entered_whole_or_not_at_all(self, world: World, clerk: Actor) -> None:
        content = filled(
            table(clerk), {"d111": good_cells(T107="很多"), "d112": good_cells(T107=-1), "c11": good_cells()}
        )
        assert entered(clerk, content) == {
            "c11": LineOutcome.MISTAKEN,  # T201 is not for cities
            "d111": LineOutcome.MISTAKEN,
            "d112": LineOutcome.MISTAKEN,
        }
        assert draft(world, "d111") == draft(world, "d112") == draft(world, "c11") == {}

    def test_findings_are_those_of_the_rules(self, world: World, clerk: Actor) -> None:
        batch_id = hand_in(clerk, filled(table(clerk), {"d111": good_cells(T101=11), "d112": good_cells()}))
        run(clerk, batch_id)
        with transaction(clerk) as session:
            lines = {line.name: line for line in list_lines(session, clerk, batch_id)}
        assert lines["d111"].counts == {"blocking": 1}
        assert lines["d111"].findings[0]["indicator"] == "T101"
        assert lines["d111"].stored == 9
        assert lines["d112"].counts == {}

    def test_nothing_is_written_where_it_is_closed(self, world: World, clerk: Actor) -> None:
        book = table(clerk)
        world.submit("d111")
        world.accept("d112")
        before = draft(world, "d111"), draft(world, "d112")
        assert entered(clerk, filled(book, {unit: good_cells(T107=1) for unit in ("d111", "d112")}), replaces=True) == {
            "c11": LineOutcome.EMPTY,
            "d111": LineOutcome.HANDED_IN,
            "d112": LineOutcome.HANDED_IN,
        }
        assert (draft(world, "d111"), draft(world, "d112")) == before

    def test_what_stands_there_gives_way_only_if_it_is_to(self, world: World, clerk: Actor) -> None:
        world.fill("d111", T107=Value.of(3, note="手填"))
        content = filled(table(clerk), {"d111": {"T107": 9}})
        assert entered(clerk, content)["d111"] is LineOutcome.HAS_FIGURES
        assert entered(clerk, content, replaces=True)["d111"] is LineOutcome.STORED
        assert draft(world, "d111")["T107"] == Value.of(9, note="手填")
        assert draft(world, "d111")["T101"] == good_answers()["T101"]
        assert entered(clerk, content, replaces=True)["d111"] is LineOutcome.UNCHANGED

    def test_what_the_unit_signed_off_is_its_own(self, world: World, clerk: Actor) -> None:
        world.fill("d111")
        world.take("d111", Action.CHECK)
        content = filled(table(clerk), {"d111": {"T107": 9}})
        assert entered(clerk, content, replaces=True)["d111"] is LineOutcome.SIGNED_OFF

    def test_who_entered_does_not_accept(self, world: World) -> None:
        both = employed(world, "c11", "both", Role.FILLER, Role.REVIEWER)
        entered(both, filled(table(both), {"d111": good_cells()}))
        world.take("d111", Action.SUBMIT)
        with pytest.raises(SamePerson), transaction(both) as session:
            moves.take(session, both, world.key("d111"), Action.ACCEPT)

    def test_figures_known_are_in_the_table_and_drafts_are_not(self, world: World, clerk: Actor) -> None:
        world.accept("d111", T107=Value.of(41))
        world.fill("d112", T107=Value.of(42))
        rows = {row[0].value: row for row in table(clerk, with_figures=True).worksheets[1].iter_rows(min_row=9)}
        assert rows["d111"][8].value == 41
        assert rows["d111"][2].value == "已验收"
        assert rows["d111"][8].protection.locked
        assert rows["d112"][8].value is None
        assert not rows["d112"][8].protection.locked


class TestAttacks:
    def test_rows_of_others_are_named_and_not_entered(self, world: World, clerk: Actor) -> None:
        book = table(clerk)
        for sheet in book.worksheets[1:-1]:
            for number, unit in enumerate(["d211", "p1", "d121", "nobody", ""], start=12):
                sheet.cell(number, 1, unit)
                sheet.cell(number, 4, 5)
        batch_id = hand_in(clerk, saved(book))
        run(clerk, batch_id)
        assert outcomes(clerk, batch_id) == {
            "c11": LineOutcome.EMPTY,
            "d111": LineOutcome.EMPTY,
            "d112": LineOutcome.EMPTY,
            "d211": LineOutcome.NOT_BELOW,
            "p1": LineOutcome.NOT_BELOW,
            "d121": LineOutcome.NOT_BELOW,
            "nobody": LineOutcome.UNKNOWN_UNIT,
        }
        assert any("没有单位代码" in remark["zh"] for remark in report(clerk, batch_id)["remarks"])
        assert draft(world, "d121") == draft(world, "p1") == {}

    def test_a_unit_in_two_rows_is_not_entered(self, world: World, clerk: Actor) -> None:
        book = table(clerk)
        book.worksheets[1].append(["d111", "d111 民政局", "", 1, 1])
        assert entered(clerk, filled(book, {"d111": good_cells()}))["d111"] is LineOutcome.REPEATED

    def test_names_sorted_without_their_codes_are_noticed(self, world: World, clerk: Actor) -> None:
        book = table(clerk)
        book.worksheets[1]["B10"], book.worksheets[1]["B11"] = "d112 民政局", "d111 民政局"
        found = entered(clerk, filled(book, {unit: good_cells() for unit in ("d111", "d112")}))
        assert found["d111"] is found["d112"] is LineOutcome.MISNAMED

    def test_unknown_columns_and_sheets_are_named(self, world: World, clerk: Actor) -> None:
        book = table(clerk)
        book.worksheets[1]["J8"], book.worksheets[1]["J10"], book.worksheets[1]["K10"] = "X999", 5, 6
        book.create_sheet("草稿").append(["随便写的"])
        batch_id = hand_in(clerk, saved(book))
        run(clerk, batch_id)
        said = "；".join(remark["zh"] for remark in report(clerk, batch_id)["remarks"])
        assert "第 J 列“X999”" in said
        assert "第 K 列没有指标代码" in said
        assert "工作表“草稿”" in said

    @pytest.mark.parametrize(("column", "code"), [("I", "misnamed_column"), ("J", "repeated_column")])
    def test_a_column_that_stands_twice_stops_all(self, world: World, clerk: Actor, column: str, code: str) -> None:
        book = table(clerk)
        book.worksheets[1][f"{column}8"] = "T101"
        batch_id = hand_in(clerk, filled(book, {"d111": good_cells()}))
        run(clerk, batch_id)
        assert report(clerk, batch_id)["code"] == code
        assert draft(world, "d111") == {}

    def test_the_table_of_another_unit_or_year_is_refused(self, world: World, clerk: Actor) -> None:
        other = employed(world, "p1", "other", Role.FILLER)
        batch_id = hand_in(clerk, saved(table(other)))
        run(clerk, batch_id)
        assert report(clerk, batch_id)["code"] == "wrong_unit"

    def test_without_the_setting_nobody_enters(self, committed_world: World) -> None:
        clerk = employed(committed_world, "c11", "clerk", Role.FILLER)
        with pytest.raises(NotPermitted):
            hand_in(clerk, b"")

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.HEAD, Role.UNIT_ADMIN])
    def test_only_fillers_enter(self, world: World, role: Role) -> None:
        with pytest.raises(NotPermitted):
            hand_in(employed(world, "c11", "other", role), b"")

    def test_a_right_that_ended_meanwhile_is_none(self, world: World, clerk: Actor) -> None:
        first, second = (hand_in(clerk, filled(table(clerk), {"d111": good_cells()})) for _ in range(2))
        allow(entered_above=False)
        run(clerk, first)
        assert outcomes(clerk, first)["d111"] is LineOutcome.NOT_PERMITTED
        with identity_transaction() as session:
            session.execute(text("delete from membership where user_id = :user"), {"user": clerk.user_id})
        run(clerk, second)
        assert outcomes(clerk, second) == {}
        assert draft(world, "d111") == {}

    def test_a_batch_is_its_own_units(self, world: World, clerk: Actor) -> None:
        batch_id = hand_in(clerk, b"x")
        for unit in ("p1", "d111", "c12", "p2"):
            stranger = world.actor(unit)
            with transaction(stranger) as session:
                assert session.scalar(text("select count(*) from batch")) == 0
                assert session.scalar(text("select count(*) from batch_piece")) == 0
                with pytest.raises(NotFound):
                    get_batch(session, stranger, batch_id)


def bundle(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def answered(world: World, unit: str, **changes: Value) -> bytes:
    return template(
        world.form, UnitName(unit, f"{unit} 民政局", Level.DISTRICT), PERIOD, current=good_answers() | changes
    )


class TestBundle:
    def test_templates_come_named_with_a_list(self, world: World, clerk: Actor) -> None:
        with zipfile.ZipFile(io.BytesIO(made(clerk, BatchKind.TEMPLATES))) as archive:
            assert archive.namelist() == [
                "c11_c11 民政局_试验表_2023.xlsx",
                "d111_d111 民政局_试验表_2023.xlsx",
                "d112_d112 民政局_试验表_2023.xlsx",
                "00_清单.csv",
            ]
            assert archive.read("00_清单.csv").decode("utf-8-sig").splitlines()[2].startswith("d111_d111 民政局_试验表")
            assert (
                openpyxl.load_workbook(archive.open("d111_d111 民政局_试验表_2023.xlsx"))["_meta"]["B3"].value == "d111"
            )

    def test_each_file_goes_its_way(self, world: World, clerk: Actor) -> None:
        files = {
            "甲/d111.xlsx": answered(world, "d111", T107=Value.of(8, note="核过")),
            "d111 again.xlsx": answered(world, "d111"),
            "d112.xlsx": answered(world, "d112", T101=Value.of(99)),
            "foreign.xlsx": answered(world, "d211"),
            "text.txt": b"1,2,3",
            "inner.zip": bundle({"d112.xlsx": answered(world, "d112")}),
            "__MACOSX/._d111.xlsx": b"x",
        }
        batch_id = hand_in(clerk, bundle(files))
        run(clerk, batch_id)
        assert outcomes(clerk, batch_id) == {
            "甲/d111.xlsx": LineOutcome.STORED,
            "d111 again.xlsx": LineOutcome.REPEATED,
            "d112.xlsx": LineOutcome.STORED,
            "foreign.xlsx": LineOutcome.NOT_RECOGNISED,
            "text.txt": LineOutcome.UNREADABLE,
            "inner.zip": LineOutcome.UNREADABLE,
        }
        assert draft(world, "d111")["T107"] == Value.of(8, note="核过")
        assert draft(world, "d112")["T101"].number == 99
        assert "__MACOSX" in report(clerk, batch_id)["remarks"][0]["zh"]
        actor = world.actor("d111")
        with transaction(actor) as session:
            kept = session.execute(text("select filename, content from upload")).all()
        assert [(row.filename, bytes(row.content)) for row in kept] == [("甲/d111.xlsx", files["甲/d111.xlsx"])]

    def test_a_large_one_is_taken_and_read_file_by_file(self, world: World, clerk: Actor) -> None:
        files = {f"{number}.bin": os.urandom(11 * 1024**2) for number in range(2)}
        files["d111.xlsx"] = answered(world, "d111")
        batch_id = hand_in(clerk, bundle(files))
        with transaction(clerk) as session:
            assert get_batch(session, clerk, batch_id).size > 22 * 1024**2
        run(clerk, batch_id)
        assert outcomes(clerk, batch_id)["d111.xlsx"] is LineOutcome.STORED
        assert set(outcomes(clerk, batch_id).values()) == {LineOutcome.STORED, LineOutcome.UNREADABLE}

    def test_a_large_file_that_is_none_is_refused_at_once(self, clerk: Actor) -> None:
        with pytest.raises(WorkbookUnreadable, match="too_big"):
            hand_in(clerk, bytes(21 * 1024**2))

    def test_of_a_foreign_unit_nothing_is_told(self, world: World, clerk: Actor) -> None:
        batch_id = hand_in(clerk, bundle({"a.xlsx": answered(world, "d211")}))
        run(clerk, batch_id)
        with transaction(clerk) as session:
            (line,) = list_lines(session, clerk, batch_id)
        assert [each["zh"] for each in line.findings] == ["没有代码为 d211 的单位"]

    def test_a_cell_that_cannot_be_read_keeps_the_whole_file_out(self, world: World, clerk: Actor) -> None:
        book = openpyxl.load_workbook(io.BytesIO(answered(world, "d111")))
        for sheet in book.worksheets:
            for row in sheet.iter_rows(min_col=1, max_col=1):
                if row[0].value == "T107":
                    sheet[f"E{row[0].row}"] = "很多"
        assert entered(clerk, bundle({"d111.xlsx": saved(book)})) == {"d111.xlsx": LineOutcome.MISTAKEN}
        assert draft(world, "d111") == {}

    @pytest.mark.parametrize("name", ["../d111.xlsx", "/etc/d111.xlsx", "a/../../d111.xlsx", "C:\\d111.xlsx"])
    def test_names_that_lead_elsewhere_stop_all(self, world: World, clerk: Actor, name: str) -> None:
        batch_id = hand_in(clerk, bundle({name: answered(world, "d111")}))
        run(clerk, batch_id)
        assert report(clerk, batch_id)["code"] == "bad_part_name"
        assert draft(world, "d111") == {}

    def test_a_bomb_does_not_go_off(self, world: World, clerk: Actor) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb.xlsx", b"\0" * 2**21)
        small = stream.getvalue()
        assert len(small) < 3_000
        assert entered(clerk, small) == {"bomb.xlsx": LineOutcome.UNREADABLE}


class TestWork:
    def test_cancelled_between_two_chunks(self, world: World, clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batch_answers, "UNITS_AT_ONCE", 1)
        monkeypatch.setattr(batch_answers, "BLOCKS_AT_ONCE", 1)
        batch_id = hand_in(clerk, filled(table(clerk), {unit: good_cells() for unit in ("d111", "d112")}))
        real = batch_answers.enter_answers

        def then_cancel(*args: object, **kwargs: object) -> object:
            found = real(*args, **kwargs)
            monkeypatch.setattr(batch_answers, "enter_answers", real)
            cancelling.append(True)
            return found

        cancelling: list[bool] = []
        monkeypatch.setattr(batch_answers, "enter_answers", then_cancel)
        part = batch_answers.Work.part

        def beginning(work: batch_answers.Work, number: int) -> object:
            if cancelling:
                cancelling.clear()
                with transaction(clerk) as session:
                    cancel(session, clerk, batch_id)
            return part(work, number)

        monkeypatch.setattr(batch_answers.Work, "part", beginning)
        run(clerk, batch_id)
        with transaction(clerk) as session:
            assert get_batch(session, clerk, batch_id).state is BatchState.CANCELLED
        assert outcomes(clerk, batch_id) == {"c11": LineOutcome.EMPTY, "d111": LineOutcome.STORED}
        assert draft(world, "d112") == {}
        with pytest.raises(InvalidMove), transaction(clerk) as session:
            cancel(session, clerk, batch_id)

    def test_cancelled_while_two_blocks_are_stored(
        self, world: World, clerk: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batch_answers, "UNITS_AT_ONCE", 1)
        batch_id = hand_in(clerk, filled(table(clerk), {unit: good_cells() for unit in ("d111", "d112")}))
        real, both_stored = batch_answers.enter_answers, Barrier(2, timeout=120)

        def then_cancel(*args: object, **kwargs: object) -> object:
            found = real(*args, **kwargs)
            if both_stored.wait() == 0:  # neither is committed, and whoever cancels waits for neither
                with transaction(clerk) as session:
                    session.execute(text("set local lock_timeout = '10s'"))
                    cancel(session, clerk, batch_id)
            both_stored.wait()
            return found

        monkeypatch.setattr(batch_answers, "enter_answers", then_cancel)
        run(clerk, batch_id)
        batch = progress_of(clerk, batch_id)
        assert (batch.state, batch.done) == (BatchState.CANCELLED, 3)
        stored = dict.fromkeys(("d111", "d112"), LineOutcome.STORED)
        assert outcomes(clerk, batch_id) == {"c11": LineOutcome.EMPTY} | stored
        assert draft(world, "d111")
        assert draft(world, "d112")

    def test_of_two_workers_each_part_is_done_by_one(
        self, own_database: TestServer, world: World, clerk: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batch_answers, "UNITS_AT_ONCE", 1)
        units = ("d111", "d112")
        batch_id = hand_in(clerk, filled(table(clerk), {unit: good_cells() for unit in units}))
        real, both_there = batch_answers.Work.part, Barrier(2, timeout=120)

        def together(work: batch_answers.Work, number: int) -> object:
            if number == 0:
                both_there.wait()
            return real(work, number)

        monkeypatch.setattr(batch_answers.Work, "part", together)
        with ThreadPoolExecutor(2) as workers:
            for ended in [workers.submit(run, clerk, batch_id) for _worker in range(2)]:
                ended.result(240)
        batch = progress_of(clerk, batch_id)
        assert (batch.state, batch.done) == (BatchState.DONE, 3)
        stored = dict.fromkeys(units, LineOutcome.STORED)
        assert outcomes(clerk, batch_id) == {"c11": LineOutcome.EMPTY} | stored
        with own_database_engine(own_database) as connection:
            events = connection.scalar(text("select count(*) from event where kind = 'values_entered_above'"))
            versions = connection.scalar(text("select max(row_version) from value"))
        assert (events, versions) == (2, 1)

    def test_nothing_comes_to_a_batch_that_has_ended(
        self, world: World, clerk: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch_id = hand_in(clerk, filled(table(clerk), {"d111": good_cells()}))
        real = batch_answers.enter_answers

        def then_end(*args: object, **kwargs: object) -> object:
            found = real(*args, **kwargs)
            with transaction(clerk) as session:
                end(session, clerk, batch_id, BatchState.FAILED)
            return found

        monkeypatch.setattr(batch_answers, "enter_answers", then_end)
        with pytest.raises(InvalidMove):
            run(clerk, batch_id)
        assert outcomes(clerk, batch_id) == {}
        assert draft(world, "d111") == {}

    def test_a_second_run_changes_nothing(self, world: World, clerk: Actor) -> None:
        batch_id = hand_in(clerk, filled(table(clerk), {"d111": good_cells()}))
        run(clerk, batch_id)
        before = outcomes(clerk, batch_id)
        run(clerk, batch_id, attempts=1)
        assert outcomes(clerk, batch_id) == before

    def test_it_is_given_up_in_the_end(self, world: World, clerk: Actor) -> None:
        batch_id = hand_in(clerk, b"x")
        run(clerk, batch_id, attempts=batches.ATTEMPTS)
        with transaction(clerk) as session:
            assert get_batch(session, clerk, batch_id).state is BatchState.FAILED

    def test_not_more_than_a_few_at_a_time(self, world: World, clerk: Actor) -> None:
        for _ in range(3):
            hand_in(clerk, b"x")
        with pytest.raises(InvalidMove):
            hand_in(clerk, b"x")


class TestCrash:
    UNITS = 300

    @pytest.fixture
    def many(self, own_database: TestServer, monkeypatch: pytest.MonkeyPatch) -> tuple[World, list[str]]:
        """A world in which a city has some hundred districts."""
        codes = [f"d9{number:03}" for number in range(self.UNITS)]
        monkeypatch.setattr("tests.world.TREE", TREE | dict.fromkeys(codes, ("c13", Level.DISTRICT)))
        world = build_world()
        allow(entered_above=True)
        return world, codes

    def test_after_kill_9_the_next_worker_goes_on(
        self, own_database: TestServer, many: tuple[World, list[str]], tmp_path: Path
    ) -> None:
        world, codes = many
        clerk = employed(world, "c13", "clerk", Role.FILLER)
        cells = {code: good_cells(T107=number) for number, code in enumerate(codes)}
        batch_id = hand_in(clerk, filled(table(clerk), cells))
        with worker(own_database, tmp_path) as first:
            wait_for(lambda: 0 < progress_of(clerk, batch_id).done < len(codes))
            first.send_signal(signal.SIGKILL)
            first.wait(60)
        done = progress_of(clerk, batch_id).done
        lines = outcomes(clerk, batch_id)
        assert 0 < done == len(lines) < len(codes)
        entered_units = units_with_figures(own_database)
        assert entered_units == {code for code, outcome in lines.items() if outcome is LineOutcome.STORED}
        with worker(own_database, tmp_path):
            wait_for(lambda: progress_of(clerk, batch_id).state is BatchState.DONE)
        assert outcomes(clerk, batch_id) == dict.fromkeys(codes, LineOutcome.STORED) | {"c13": LineOutcome.EMPTY}
        with own_database_engine(own_database) as connection:
            figures = connection.execute(
                text(
                    "select u.code, v.number, v.row_version from value v join unit u on u.id = v.unit_id"
                    " where v.indicator = 'T107'"
                )
            ).all()
            events = connection.scalar(text("select count(*) from event where kind = 'values_entered_above'"))
        assert sorted(figures) == [(code, number, 1) for number, code in enumerate(codes)]
        assert events == len(codes)


@contextmanager
def worker(target: TestServer, place: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {"HUIZONG_DATABASE_URL": target.app_url, "HUIZONG_DATA_DIR": str(place)}
    process = subprocess.Popen([sys.executable, "-m", "portal.cli", "worker"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def progress_of(actor: Actor, batch_id: UUID) -> BatchView:
    with transaction(actor) as session:
        return get_batch(session, actor, batch_id)


@contextmanager
def own_database_engine(target: TestServer) -> Iterator[Connection]:
    """The owner, whom row-level security does not bind in here."""
    engine = create_engine(target.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("set local citus.multi_shard_modify_mode = 'sequential'"))  # or Citus alters one only
        for table_name in ("value", "event"):
            connection.execute(text(f"alter table {table_name} no force row level security"))
        yield connection
        connection.rollback()


def units_with_figures(target: TestServer) -> set[str]:
    with own_database_engine(target) as connection:
        return set(connection.scalars(text("select distinct u.code from value v join unit u on u.id = v.unit_id")))
