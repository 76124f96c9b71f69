"""The background examination: kept first, done once, taken up again after a crash, given up in the end."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import NullPool, create_engine, text

from importers.identity import UnitName
from importers.template import template
from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.units import Level
from portal.errors import InvalidMove, NotPermitted, WorkbookUnreadable
from portal.jobs import nightly, uploads
from portal.queries.people import portal_actor
from portal.queries.rollups import verification
from portal.queries.uploads import content_of, get_upload
from tests.world import PERIOD, good_answers

ROOT = Path(__file__).parents[2]


@pytest.fixture
def content(committed_world):
    name = UnitName("d111", "d111 民政局", Level.DISTRICT)
    return template(committed_world.form, name, PERIOD, current=good_answers())


@pytest.fixture
def receive(committed_world, content):
    def receive(content=content):
        actor = committed_world.actor("d111")
        with transaction(actor) as session:
            return uploads.receive(session, actor, committed_world.key("d111"), "a.xlsx", content)

    return receive


def look(upload_id):
    with transaction(None) as session:
        portal = portal_actor(session, "d111")
    with transaction(portal) as session:
        return get_upload(session, portal, upload_id), content_of(session, portal, upload_id)


def run(upload_id, attempts=0):
    """The job, as a worker runs it for the `attempts` + first time."""
    context = SimpleNamespace(job=SimpleNamespace(attempts=attempts))
    uploads.process_upload.func(context, unit="d111", upload_id=str(upload_id))


def change_as_owner(target, statement):
    """Change something behind the portal's back."""
    engine = create_engine(target.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement))


def jobs():
    with transaction(None) as session:
        query = text("select args->>'upload_id' from procrastinate_jobs where task_name = 'process_upload'")
        return [UUID(found) for found in session.scalars(query)]


class TestReceiving:
    def test_file_and_job_come_together(self, receive, content):
        upload_id = receive()
        upload, kept = look(upload_id)
        assert (upload.state, upload.report, kept) == ("waiting", None, content)
        assert jobs() == [upload_id]

    def test_neither_file_nor_job_without_the_right(self, committed_world, content):
        actor = committed_world.actor("c11")
        with pytest.raises(NotPermitted), transaction(actor) as session:
            uploads.receive(session, actor, committed_world.key("d111"), "a.xlsx", content)
        assert jobs() == []

    def test_not_into_a_closed_draft(self, committed_world, receive):
        committed_world.submit("d111")
        with pytest.raises(InvalidMove):
            receive()

    def test_nothing_larger_than_any_report(self, receive):
        with pytest.raises(WorkbookUnreadable):
            receive(b"x" * (20 * 1024**2 + 1))


class TestExamining:
    def test_the_report_holds_values_and_places(self, receive):
        upload_id = receive()
        run(upload_id)
        upload, _content = look(upload_id)
        assert (upload.state, upload.done) == ("done", upload.total)
        assert upload.report["outcome"] == "checked"
        assert upload.report["values"]["T202"] == {"status": "reported", "number": "650.5"}
        assert upload.report["places"]["T202"] == "T2 第二表!E9"

    def test_a_file_that_is_none_is_done_too(self, receive):
        upload_id = receive(b"no workbook")
        run(upload_id)
        upload, kept = look(upload_id)
        assert (upload.state, upload.report["outcome"], upload.report["code"]) == ("done", "unreadable", "text_or_csv")
        assert kept == b"no workbook"

    def test_a_second_run_changes_nothing(self, receive, monkeypatch):
        upload_id = receive()
        run(upload_id)
        before, _content = look(upload_id)
        monkeypatch.setattr(uploads, "examine_workbook", lambda *_, **_names: pytest.fail("examined twice"))
        run(upload_id, attempts=1)
        assert look(upload_id)[0] == before

    def test_of_two_workers_at_one_upload_the_first_is_heard(self, receive, monkeypatch):
        """One that was taken for dead goes on beside the other."""
        upload_id = receive()
        examine = uploads.examine_workbook

        def overtaken(*arguments, **names):
            monkeypatch.setattr(uploads, "examine_workbook", examine)
            run(upload_id, attempts=1)
            return examine(b"something else", *arguments[1:], **names)

        monkeypatch.setattr(uploads, "examine_workbook", overtaken)
        run(upload_id)
        assert look(upload_id)[0].report["outcome"] == "checked"
        with transaction(None) as session:
            portal = portal_actor(session, "d111")
        with transaction(portal) as session:
            examined = text("select count(*) from event where kind = 'upload_examined'")
            assert session.scalar(examined) == 1

    def test_a_breakdown_leaves_the_upload_to_the_next_run(self, receive, monkeypatch):
        upload_id = receive()
        with monkeypatch.context() as broken:
            broken.setattr(uploads, "examine_workbook", lambda *_, **_names: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                run(upload_id)
        assert look(upload_id)[0].state == "working"
        run(upload_id, attempts=1)
        assert look(upload_id)[0].state == "done"

    def test_it_is_given_up_in_the_end(self, receive, caplog):
        upload_id = receive()
        run(upload_id, attempts=uploads.ATTEMPTS)
        assert look(upload_id)[0].state == "failed"
        assert "given up" in caplog.text


def test_a_worker_does_the_jobs(own_database, receive, tmp_path):
    upload_id = receive()
    environment = os.environ | {"HUIZONG_DATABASE_URL": own_database.app_url, "HUIZONG_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "portal.cli", "worker"], cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + 120
        while look(upload_id)[0].state != "done" and time.monotonic() < deadline:
            time.sleep(0.1)
        assert look(upload_id)[0].state == "done"
    finally:
        process.terminate()
        assert process.wait(60) == 0


class TestNightlyProof:
    def test_it_logs_that_all_is_well(self, committed_world, caplog):
        committed_world.accept("d111")
        caplog.set_level("INFO", "portal")
        nightly.verify_rollups(timestamp=0)
        assert "0 differ" in caplog.text

    def test_what_is_accepted_meanwhile_is_no_difference(self, committed_world, monkeypatch, caplog):
        committed_world.accept("d111")
        committed_world.submit("d112")
        compute = verification._computed

        def overtaken(*arguments):
            monkeypatch.setattr(verification, "_computed", compute)
            committed_world.take("d112", Action.ACCEPT, by="c11")
            return compute(*arguments)

        monkeypatch.setattr(verification, "_computed", overtaken)
        nightly.verify_rollups(timestamp=0)
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []

    def test_it_names_what_differs(self, committed_world, own_database, caplog):
        committed_world.submit("d111")
        committed_world.take("d111", Action.ACCEPT, by="c11")
        change_as_owner(own_database, "update rollup set amount = amount + 1 where indicator = 'T101'")
        nightly.verify_rollups(timestamp=0)
        assert "T101" in caplog.text
