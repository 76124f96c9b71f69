"""The command line: what it prints, what it writes, and its exit codes."""

import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import uuid4

import openpyxl
import pyotp
import pytest
from click.testing import CliRunner
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import NullPool, create_engine, select, text

from portal import clock, db
from portal.cli import NOUNS, main
from portal.db import identity_transaction, transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Role
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.unit_file import read_units
from portal.domain.values import Value
from portal.jobs.nightly import sign_checkpoints
from portal.models import Account, Membership
from portal.queries.event_chain import list_chains, list_checkpoints
from portal.queries.people import find_actor
from portal.queries.submissions import get_submission
from portal.queries.units import get_unit
from portal.services import collections, rollup_entries, second_factor
from portal.services.passwords import verify
from portal.services.sign_in_events import Account as SignInAccount
from tests.additions import addition_text
from tests.world import FORM, PERIOD, TREE, build_world, good_answers

ROOT = Path(__file__).parents[2]


class Terminal:
    """Runs commands in this process, on one database."""

    def __init__(self, target, data_dir):
        self.target = target
        self.environment = {
            "HUIZONG_DATA_DIR": str(data_dir),
            "HUIZONG_DATABASE_URL": target.app_url,
            "HUIZONG_MIGRATION_DATABASE_URL": target.owner_url,
        }

    def __call__(self, *arguments):
        db.engine().dispose()  # the command connects by itself
        words = [str(each) for each in arguments]
        result = CliRunner().invoke(main, words, env=self.environment, catch_exceptions=False)
        db.connect(self.target.app_url)
        return result


@pytest.fixture
def run(committed_world, own_database, tmp_path):
    """Commands on a world of the test's own."""
    yield Terminal(own_database, tmp_path / "var")
    db.engine().dispose()


@pytest.fixture(scope="module")
def shared_world(test_server, template_database):
    """A world for the tests that write nothing: one district accepted, one handed in."""
    with test_server.database("huizong_cli", template_database) as target:
        db.connect(target.app_url)
        world = build_world()
        world.accept("d111", T203=Value.of(0))
        world.submit("d112")
        db.engine().dispose()
        yield target


@pytest.fixture
def ask(shared_world, tmp_path):
    """Commands that write nothing into the database."""
    db.connect(shared_world.app_url)
    yield Terminal(shared_world, tmp_path / "var")
    db.engine().dispose()


@pytest.fixture
def as_owner(own_database):
    """Change something behind the portal's back."""

    def change(statement):
        engine = create_engine(own_database.owner_url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text(statement))

    return change


def rows(result):
    return list(csv.DictReader(io.StringIO(result.stdout)))


def employ(username, unit, role):
    """A person with a role in a unit."""
    with identity_transaction() as session:
        user = User(
            first_name="三", last_name="张", username=username, email=f"{username}@example.invalid", active=True
        )
        session.add(user)
        session.flush()
        place, since = get_unit(session, unit), date(2000, 1, 1)
        session.add(
            Membership(
                user_id=user.id, unit_id=place.id, unit_path=place.path, role=role, valid_from=since, valid_to=None
            )
        )


class TestHelp:
    def test_every_noun_is_there(self):
        result = CliRunner().invoke(main, ["--help"])
        assert result.exit_code == 0
        assert all(noun in result.output for noun in NOUNS)

    @pytest.mark.parametrize("noun", NOUNS)
    def test_every_command_takes_a_data_directory(self, noun):
        assert "--data-dir" in CliRunner().invoke(main, [noun, "--help"]).output

    def test_it_imports_nothing_heavy(self):
        program = (
            "import sys; from portal.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
        )
        result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
        assert not {"flask", "sqlalchemy", "dash", "openpyxl"} & set(result.stdout.split())


class TestPeople:
    def test_the_first_administrator_comes_from_the_command_line(self, run):
        result = run(
            *("people", "add", "--unit", "p1", "--role", "system_admin,unit_admin"),
            *("--name", "张三", "--username", "Zhang"),
        )
        with identity_transaction() as session:
            user = session.scalars(select(User).where(User.username == "zhang")).one()
            actor = find_actor(session, user.id, "张三")
            assert session.get(Account, user.id).must_change_password
        assert verify(user.password, result.stdout.strip())
        assert actor.roles == {Role.SYSTEM_ADMIN, Role.UNIT_ADMIN}
        assert [(row["username"], row["unit"], row["role"]) for row in rows(run("people", "list"))] == [
            ("zhang", "p1", "system_admin"),
            ("zhang", "p1", "unit_admin"),
        ]

    def test_a_forgotten_password_is_replaced(self, run):
        words = ("people", "add", "--unit", "d111", "--role", "filler", "--name", "李四", "--username", "lisi")
        first = run(*words, "--until", "2090-12-31").stdout
        second = run("people", "reset-password", "lisi").stdout.strip()
        with identity_transaction() as session:
            user = session.scalars(select(User).where(User.username == "lisi")).one()
        assert second != first.strip()
        assert verify(user.password, second)

    def test_a_lost_second_factor_is_forgotten(self, run):
        run("people", "add", "--unit", "d111", "--role", "filler", "--name", "李四", "--username", "lisi")
        seal = second_factor.seal_of("any")
        with identity_transaction() as session:
            user = session.scalars(select(User).where(User.username == "lisi")).one()
            account = SignInAccount(user.id, "lisi")
            second_factor.start(session, user.id, seal)
            code = pyotp.TOTP(second_factor.unconfirmed_secret(session, user.id, seal)).now()
            assert second_factor.confirm(session, account, code, seal, address="")
        assert run("people", "reset-second-factor", "lisi").exit_code == 0
        with identity_transaction() as session:
            assert not second_factor.standing(session, user.id).enrolled
        assert run("people", "reset-second-factor", "nobody").exit_code != 0

    def test_a_file_of_people_is_taken_in_with_their_passwords_kept_private(self, run, tmp_path):
        file, passwords = tmp_path / "people.csv", tmp_path / "passwords.csv"
        file.write_text(
            "name,username,unit,roles,from,to\n张三,zhangsan,d111,filler checker,,\n张三,zhangsan,d112,head,,\n"
            "王五,wangwu,c11,unit_admin,,2090-12-31\n",
            encoding="utf-8",
        )
        run("people", "import", file, "--passwords", passwords)
        listed = list(csv.DictReader(io.StringIO(passwords.read_text(encoding="utf-8"))))
        assert [row["username"] for row in listed] == ["zhangsan", "wangwu"]
        assert passwords.stat().st_mode & 0o777 == 0o600
        assert len(rows(run("people", "list"))) == 4
        with identity_transaction() as session:
            user = session.scalars(select(User).where(User.username == "wangwu")).one()
        assert verify(user.password, listed[1]["password"])

    def test_a_file_with_mistakes_adds_nobody_and_names_them_all(self, run, tmp_path):
        run("people", "add", "--unit", "d111", "--role", "filler", "--name", "李四", "--username", "lisi")
        file = tmp_path / "people.csv"
        file.write_text(
            "name,username,unit,roles,from,to,email\n张三,zhangsan,d111,filler,,,a@b.cn\n张三,lisi,d111,head,,,\n"
            "王五,wangwu,d999,filler,,,\n赵六,zhaoliu,d111,partner,,,\n孙七,sunqi,d111,filler filler,,,A@b.cn\n",
            encoding="utf-8",
        )
        result = run("people", "import", file, "--passwords", tmp_path / "passwords.csv")
        assert result.exit_code == 2
        for number in (3, 4, 5, 6):
            assert f"第 {number} 行" in result.stderr
        assert "第 2 行" not in result.stderr
        assert len(rows(run("people", "list"))) == 1
        assert not (tmp_path / "passwords.csv").exists()

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"--unit": "d999"}, "no such unit: d999"),
            ({"--role": "king"}, "no such role: king"),
            ({"--role": "partner"}, "until is wrong (missing)"),
            ({"--username": "张三"}, "username is wrong (not_a_username)"),
        ],
    )
    def test_what_will_not_do_is_refused(self, ask, changes, said):
        options = {"--unit": "d111", "--role": "filler", "--name": "张三", "--username": "zhangsan"} | changes
        result = ask("people", "add", *(word for option in options.items() for word in option))
        assert (result.exit_code, result.stdout) == (2, "")
        assert said in result.stderr


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["rollup", "--unit", "x", "--period", "2023"], "no such unit: x"),
            (["rollup", "--unit", "p1", "--period", "2023x"], "period is wrong"),
            (["rollup", "--unit", "p1", "--period", "2023", "--indicator", "X1"], "no such indicator: X1"),
            (["forms", "export", "X", "-"], "no such form: X"),
            (["template", "T", "--unit", "x", "--period", "2023", "-o", "x.xlsx"], "no such unit: x"),
            (["template", "T", "--unit", "d111", "--period", "2023Q1", "-o", "x.xlsx"], "period is wrong (wrong_kind)"),
        ],
    )
    def test_a_refusal_is_one_line_in_two_languages(self, ask, arguments, said):
        result = ask(*arguments)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert said in result.stderr
        assert result.stderr.count("\n") == 1
        assert any("\u4e00" <= character <= "\u9fff" for character in result.stderr)

    def test_a_form_file_with_mistakes(self, ask, tmp_path):
        file = tmp_path / "form.yaml"
        file.write_text(FORM.replace("type: count", "type: counter", 1))
        result = ask("forms", "import", file)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert "counter" in result.stderr

    def test_a_file_that_is_no_text(self, ask, tmp_path):
        file = tmp_path / "units.csv"
        file.write_bytes("单位".encode("gb18030"))
        assert "UTF-8" in ask("units", "import", file).stderr

    def test_a_configured_database_without_tables(self, test_server, tmp_path):
        with test_server.database("huizong_bare") as bare:
            urls = {"HUIZONG_DATABASE_URL": bare.app_url, "HUIZONG_DATA_DIR": str(tmp_path)}
            result = CliRunner().invoke(main, ["audit", "verify"], env=urls)
            assert (result.exit_code, "db upgrade" in result.stderr) == (2, True)


class TestUnitsAndForms:
    def test_units_come_out_as_they_went_in(self, run, tmp_path):
        first, second = tmp_path / "1.csv", tmp_path / "2.csv"
        assert run("units", "export", first).exit_code == 0
        placements, successions = read_units(first.read_text())
        assert {placement.code for placement in placements} == set(TREE)
        assert successions == []
        assert "10 units" in run("units", "import", first).stderr
        run("units", "export", second)
        assert second.read_text() == first.read_text()

    def test_who_is_asked_because_of_a_file_is_told(self, run, committed_world, tmp_path):
        actor, today = committed_world.actor("p1"), clock.today()
        with transaction(actor) as session:
            collections.send_down(session, actor, committed_world.form, Period(2025), opens_on=today, due_on=today)
        file = tmp_path / "units.csv"
        head = run("units", "export", "-").stdout.splitlines()[0]
        lines = (
            "d112,c11,district,d112 民政局,Bureau d112,2000-01-01,2025-07-01,,",
            "d113,c11,district,d113 民政局,Bureau d113,2025-07-01,,,",
        )
        file.write_text("\n".join([head, *lines]) + "\n")
        told = run("units", "import", file).stderr
        assert (
            "要新单位填报 1 份：d113-2025-T / New units owe 1 answers to what is being collected: d113-2025-T" in told
        )
        assert "撤销的单位有 1 份没有上报的报表，已免报" in told

    def test_mistakes_of_a_file_are_told_in_both_languages(self, run, tmp_path):
        file = tmp_path / "units.csv"
        head = run("units", "export", "-").stdout.splitlines()[0]
        file.write_text(f"{head}\nd113,c11,district,,,2025-07-01,,,\n")
        result = run("units", "import", file)
        assert result.exit_code == 2
        assert "第 2 行：缺少名称 / line 2: no name" in result.stderr

    def test_a_merger_is_exported_too(self, run, tmp_path):
        file = tmp_path / "units.csv"
        run("units", "export", file)
        lines = file.read_text().replace("d112,c11,district,d112 民政局,Bureau d112,2000-01-01,,,", "").splitlines()
        lines += [
            "d112,c11,district,d112 民政局,Bureau d112,2000-01-01,2024-01-01,,",
            "d113,c11,district,d113 民政局,Bureau d113,2024-01-01,,d112,merge",
        ]
        file.write_text("\n".join(line for line in lines if line) + "\n")
        assert run("units", "import", file).exit_code == 0
        assert "d113,c11,district,d113 民政局,Bureau d113,2024-01-01,,d112,merge" in run("units", "export", "-").stdout

    @pytest.mark.parametrize("name", ["form.yaml", "form.xlsx"])
    def test_forms_come_out_as_they_went_in(self, run, tmp_path, name):
        file = tmp_path / name
        assert run("forms", "export", "T", file).exit_code == 0
        assert "T version 1" in run("forms", "import", file).stderr
        assert read_form(run("forms", "export", "T", "-").stdout) == read_form(FORM)

    def test_additions_come_out_as_they_went_in(self, run, tmp_path):
        file = tmp_path / "addition.yaml"
        file.write_text(addition_text("c11"))
        assert "Addition 1 of c11 to T" in run("forms", "import", "--unit", "c11", file).stderr
        written = run("forms", "export", "T", "-", "--unit", "c11").stdout
        file.write_text(written)
        assert run("forms", "import", "--unit", "c11", file).exit_code == 0
        assert run("forms", "export", "T", "-", "--unit", "c11", "--number", "1").stdout == written
        assert "unit is wrong (not_own)" in run("forms", "import", "--unit", "c12", file).stderr
        file.write_text(written.replace("UC11_T_02", "T101"))
        assert "mistakes in the file" in run("forms", "import", "--unit", "c11", file).stderr


class TestRollUp:
    def test_csv_has_a_row_per_unit_and_indicator(self, ask):
        result = ask("rollup", "--unit", "p1", "--period", "2023", "--indicator", "T101,T104", "--by", "children")
        found = rows(result)
        assert [(row["unit"], row["indicator"]) for row in found] == [
            (unit, code) for unit in ("c11", "c12", "c13") for code in ("T101", "T104")
        ]
        first = found[0]
        assert (first["value"], first["reported"], first["expected"], first["partial"]) == ("10", "1", "3", "true")
        assert (first["scope"], first["tree"], first["unit_of_measure"]) == ("whole", "reported", "次")
        assert found[2]["value"] == ""

    @pytest.mark.parametrize(("unit", "value"), [("p1", "0"), ("p2", None)])
    def test_json_tells_missing_from_zero(self, ask, unit, value):
        result = ask("rollup", "--unit", unit, "--period", "2023", "--indicator", "T203", "--format", "json")
        assert json.loads(result.stdout)[0]["value"] == value

    def test_pending_figures_on_demand(self, ask):
        question = ["rollup", "--unit", "c11", "--period", "2023", "--indicator", "T101"]
        assert [row["value"] for row in rows(ask(*question))] == ["10"]
        assert [(row["value"], row["pending"]) for row in rows(ask(*question, "--pending"))] == [("20", "true")]

    def test_of_all_districts(self, ask):
        found = rows(ask("rollup", "--unit", "p1", "--period", "2023", "--indicator", "T201", "--by", "level:district"))
        assert [row["unit"] for row in found] == ["d111", "d112", "d121"]

    def test_a_comma_too_many_names_no_indicator(self, ask):
        assert ask("rollup", "--unit", "c11", "--period", "2023", "--indicator", "T101,").exit_code == 0

    def test_unit_and_period_are_needed(self, ask):
        assert ask("rollup").exit_code == 2

    def test_what_a_spreadsheet_would_compute_is_text(self, run, as_owner):
        as_owner("update node set name = '=1+1' where name like 'p1%'")
        as_owner(f"update tree set stamp = '{uuid4()}'")
        assert rows(run("rollup", "--unit", "p1", "--period", "2023", "--indicator", "T101"))[0]["unit_name"] == "'=1+1"


class TestProofs:
    def test_roll_ups_are_proved_and_mended(self, run, committed_world, as_owner):
        committed_world.accept("d111")
        assert run("rollup", "verify").exit_code == 0
        as_owner("update rollup set amount = amount + 1 where indicator = 'T101'")
        result = run("rollup", "verify")
        assert (result.exit_code, "c11 2023 T101" in result.stdout) == (1, True)
        assert run("rollup", "rebuild").exit_code == 0
        assert run("rollup", "verify").exit_code == 0

    @pytest.mark.parametrize(
        "damage",
        [
            "parent_id = (select id from unit where code = 'c12')",
            "level = 'town'",
            "lft = lft + 1",
        ],
    )
    def test_the_published_trees_are_proved_and_mended(self, run, committed_world, as_owner, damage):
        committed_world.accept("d112")
        as_owner(f"update node set {damage} where unit_id = (select id from unit where code = 'd112')")
        as_owner(f"update tree set stamp = '{uuid4()}'")
        result = run("rollup", "verify")
        assert (result.exit_code, "d112 2023 c11 district " in result.stdout) == (1, True)
        assert run("rollup", "rebuild").exit_code == 0
        assert run("rollup", "verify").exit_code == 0

    @pytest.mark.parametrize(
        "damage",
        [
            "update observation set amount = amount + 1 where indicator = 'T101'",
            "update observation set status = 'not_applicable', amount = null where indicator = 'T104'",
            "delete from observation where indicator = 'T102'",
            "update observation set unit_id = (select id from unit where code = 'd112') where indicator = 'T101'",
        ],
    )
    def test_what_accepted_values_add_is_proved_and_mended(self, run, committed_world, as_owner, damage):
        committed_world.accept("d111")
        as_owner(damage)
        assert run("rollup", "verify").exit_code == 1
        assert run("rollup", "rebuild").exit_code == 0
        assert run("rollup", "verify").exit_code == 0

    def test_entries_are_listed_and_held_against_their_events(self, run, committed_world, as_owner):
        actor = committed_world.actor("c11")
        entry = Entry(EntryKind.ADJUSTMENT, Decimal("-1.5"))
        committed_world.accept("d111", T203=Value.of(4))
        with transaction(actor) as session:
            rollup_entries.enter(
                session, actor, unit="c11", period=PERIOD, indicator="T203", entry=entry, reason="=重复", seen=0
            )
        (listed,) = rows(run("rollup", "entries", "--unit", "p1", "--period", "2023"))
        assert [listed[key] for key in ("unit", "indicator", "kind", "amount", "reason", "withdrawn")] == [
            *("c11", "T203", "adjustment", "-1.5", "'=重复", "")
        ]
        unknown = run("rollup", "entries", "--unit", "p1", "--period", "2023", "--indicator", "NOPE")
        assert (unknown.exit_code, "NOPE" in unknown.stderr, unknown.stdout) == (2, True, "")
        (number,) = rows(run("rollup", "--unit", "p1", "--period", "2023", "--indicator", "T203"))
        assert [number[key] for key in ("value", "original", "eliminated", "adjusted")] == ["2.5", "4", "", "-1.5"]
        assert run("rollup", "verify").exit_code == 0
        as_owner("update rollup_entry set amount = -1")
        result = run("rollup", "verify")
        assert (result.exit_code, "c11 2023 T203 entry: -1 ≠ -1.5" in result.stdout) == (1, True)

    def test_the_first_broken_link_is_named(self, run, committed_world, as_owner):
        committed_world.accept("d111")
        assert run("audit", "verify").exit_code == 0
        as_owner("update event set body = replace(body, 'd111 的人', 'x') where number = 3 and kind = 'values_changed'")
        result = run("audit", "verify")
        assert result.exit_code == 1
        assert "broken at event 3 (altered)" in result.stdout


class TestCheckpoints:
    """What an auditor has kept elsewhere tells when the whole chain is rewritten, checkpoints and all."""

    def test_an_untouched_record_agrees_with_what_was_kept(self, run, committed_world, tmp_path):
        file = tmp_path / "kept.jsonl"
        assert run("audit", "checkpoint", "-o", str(file)).exit_code == 0
        committed_world.accept("d111")
        result = run("audit", "verify", "--checkpoints", str(file))
        assert result.exit_code == 0
        assert [line for line in result.stdout.splitlines() if "2 checkpoints, unbroken" in line]

    def test_a_tail_cut_off_with_everything_that_tells(self, run, committed_world, tmp_path, as_owner):
        committed_world.accept("d111")
        file = tmp_path / "kept.jsonl"
        file.write_text(run("audit", "checkpoint").stdout)
        as_owner("delete from checkpoint")
        as_owner("delete from event e using unit u where u.id = e.root_id and u.code = 'p1' and e.number > 2")
        as_owner(
            "update event_chain c set (length, hash) = (select number, hash from event e where e.root_id = c.root_id"
            " order by number desc limit 1)"
        )
        assert run("audit", "verify").exit_code == 0
        result = run("audit", "verify", "--checkpoints", str(file))
        assert result.exit_code == 1
        assert [line[:2] for line in result.stdout.splitlines() if "its tail was cut off" in line] == ["p1"]

    def test_one_chain_alone(self, run):
        result = run("audit", "verify", "--root", "p2")
        assert (result.exit_code, [line[:2] for line in result.stdout.splitlines()]) == (0, ["p2"])
        assert run("audit", "verify", "--root", "p9").exit_code == 2

    def test_a_key_that_is_not_ours(self, run, own_database, tmp_path):
        assert run("audit", "checkpoint").exit_code == 0
        (tmp_path / "var" / "audit_key.pem").unlink()
        result = run("audit", "verify")
        assert result.exit_code == 1
        assert "signed by a key that is not known here" in result.stdout

    def test_a_file_that_is_none_is_refused(self, run, tmp_path):
        file = tmp_path / "kept.jsonl"
        file.write_text("{}")
        assert run("audit", "verify", "--checkpoints", str(file)).exit_code == 2

    def test_the_night_signs_what_is_whole_and_only_that(
        self, committed_world, as_owner, tmp_path, monkeypatch, caplog
    ):
        monkeypatch.setenv("HUIZONG_DATA_DIR", str(tmp_path / "var"))
        as_owner("update event e set subject = 'x' from unit u where u.id = e.root_id and u.code = 'p1' and number = 1")
        sign_checkpoints(0)
        with transaction(None) as session:
            chains = list_chains(session)
        signed = {}
        for chain in chains:
            with transaction(chain.watcher) as session:
                signed[chain.root] = len(list_checkpoints(session, chain.root_id))
        assert signed == {"": 1, "p1": 0, "p2": 1}
        assert "the chain of p1 is broken" in caplog.text


class TestDatabase:
    @pytest.mark.not_on_citus("a restore is one transaction, in which Citus cannot be dropped and made again")
    def test_a_backup_brings_everything_back(self, run, committed_world, tmp_path, as_owner):
        committed_world.accept("d111")
        file = tmp_path / "backup.dump"
        before = run("rollup", "--unit", "p1", "--period", "2023").stdout
        assert run("db", "backup", file).exit_code == 0
        assert file.stat().st_mode & 0o777 == 0o600
        committed_world.take("d111", Action.REOPEN, by="c11", reason="错了")
        as_owner("create table stray (id int)")
        assert run("db", "restore", file).exit_code == 0
        assert run("rollup", "--unit", "p1", "--period", "2023").stdout == before
        assert run("rollup", "verify").exit_code == run("audit", "verify").exit_code == 0
        assert run("db", "check").exit_code == 0
        committed_world.submit("d112")  # rights and policies came back too

    def test_a_file_that_is_no_backup_changes_nothing(self, run, committed_world, tmp_path):
        file = tmp_path / "backup.dump"
        file.write_bytes(b"PGDMP no such thing")
        assert run("db", "restore", file).exit_code == 2
        assert run("db", "check").exit_code == 0

    def test_a_changed_schema_is_found(self, run, as_owner):
        as_owner("alter table submission add column surplus int")
        result = run("db", "check")
        assert (result.exit_code, "surplus" in result.stderr) == (1, True)

    def test_upgrading_twice_changes_nothing(self, run):
        assert run("db", "upgrade").exit_code == 0
        assert run("db", "upgrade").exit_code == 0


def filled(terminal, place, unit="d111", **answers):
    """A template that the command wrote, with these answers written into it."""
    file = place / f"{unit}.xlsx"
    assert terminal("template", "T", "--unit", unit, "--period", "2023", "-o", file).exit_code == 0
    book = openpyxl.load_workbook(file)
    for code, value in (good_answers() | answers).items():
        sheet, row = next((sheet, cell.row) for sheet in book for cell in sheet["A"] if str(cell.value).strip() == code)
        sheet.cell(row, 5).value = value.number if value.text is None else value.text
    book.save(file)
    return file


@pytest.fixture
def template(ask, tmp_path):
    return partial(filled, ask, tmp_path)


class TestWorkbooks:
    def test_a_clean_workbook(self, ask, template):
        result = ask("check", template(), "--format", "json")
        assert result.exit_code == 0
        report = json.loads(result.stdout)
        assert (report["outcome"], report["unit"], report["period"]) == ("checked", "d111", "2023")
        assert report["findings"] == []

    def test_mistakes_have_exit_code_1(self, ask, template, tmp_path):
        marked = tmp_path / "marked.xlsx"
        result = ask("check", template(T101=Value.of(11)), "--annotated", marked)
        assert result.exit_code == 1
        assert "T101-B1" in result.stdout
        assert "应等于" in result.stdout
        assert "must equal" in result.stdout
        assert openpyxl.load_workbook(marked).sheetnames[0] == "检查结果"

    def test_what_only_needs_explaining_has_exit_code_0(self, ask, template):
        result = ask("check", template(T107=Value.of(0)), "--format", "json")
        assert [finding["severity"] for finding in json.loads(result.stdout)["findings"]] == ["explain"]
        assert result.exit_code == 0

    def test_a_table_without_any_mark_is_taken_for_what_was_chosen(self, ask, tmp_path):
        book, file = openpyxl.Workbook(), tmp_path / "bare.xlsx"
        book.active.append(["指标代码", "指标名称", "计量单位", "上年数", "本年数", "备注"])
        book.active.append(["T101", "检查次数", "次", None, 10, None])
        book.save(file)
        told = json.loads(ask("check", file, "--unit", "d121", "--period", "2023", "--format", "json").stdout)
        assert (told["outcome"], told["form"], told["unit"]) == ("checked", "T", "d121")
        untold = json.loads(ask("check", file, "--format", "json").stdout)
        assert (untold["outcome"], untold["code"]) == ("not_recognised", "identity_missing")

    def test_somebody_elses_workbook_has_exit_code_2(self, ask, template):
        result = ask("check", template(), "--unit", "d112", "--format", "json")
        report = json.loads(result.stdout)
        assert (result.exit_code, report["outcome"], report["code"]) == (2, "not_recognised", "wrong_unit")

    def test_an_unreadable_file_has_exit_code_2(self, ask, tmp_path):
        file = tmp_path / "x.xlsx"
        file.write_bytes(b"%PDF-1.7")
        result = ask("check", file, "--format", "json")
        report = json.loads(result.stdout)
        assert (result.exit_code, report["outcome"], report["code"]) == (2, "unreadable", "is_pdf")
        assert ask("check", file, "--annotated", tmp_path / "y.xlsx").exit_code == 2
        assert not (tmp_path / "y.xlsx").exists()

    def test_checking_writes_nothing(self, ask, template, shared_world):
        file, engine = template("d121"), create_engine(shared_world.owner_url, poolclass=NullPool)
        with engine.connect() as connection:
            count = text(
                "select (select count(*) from upload), (select count(*) from value), (select count(*) from event)"
            )
            before = connection.execute(count).one()
            assert ask("check", file).exit_code == 0
            assert connection.execute(count).one() == before

    def test_cells_are_listed_as_json_lines(self, ask, template):
        cells = [json.loads(line) for line in ask("cells", template()).stdout.splitlines()]
        found = next(cell for cell in cells if cell["sheet"].startswith("T2") and cell["cell"] == "E9")
        assert (found["kind"], found["value"]) == ("number", "650.5")


class TestUpload:
    @pytest.fixture
    def template(self, run, tmp_path):
        return partial(filled, run, tmp_path)

    @pytest.fixture
    def filler(self, committed_world):
        employ("zhang", "d111", Role.FILLER)
        return "zhang"

    def test_the_figures_are_in_the_draft(self, run, template, filler, committed_world):
        result = run("upload", template(), "--as", filler)
        assert result.exit_code == 0
        assert "9 figures" in result.stderr
        actor = committed_world.actor("d111")
        with transaction(actor) as session:
            view = get_submission(session, actor, committed_world.key("d111"))
        assert view.values["T202"] == good_answers()["T202"]
        assert view.origins["T202"].entered_by == "张三"
        assert view.origins["T202"].cell == "T2 第二表!E9"

    def test_mistakes_are_printed_and_the_rest_is_written(self, run, template, filler):
        result = run("upload", template(T101=Value.of(11)), "--as", filler)
        assert (result.exit_code, "T101-B1" in result.stdout) == (1, True)

    def test_a_file_that_cannot_be_read(self, run, tmp_path, filler):
        file = tmp_path / "x.xlsx"
        file.write_bytes(b"%PDF-1.7")
        result = run("upload", file, "--as", filler)
        assert (result.exit_code, result.stderr) == (2, "这是 PDF 文件（is_pdf） / This is a PDF file\n")

    def test_not_for_another_unit(self, run, template, filler):
        result = run("upload", template("d112"), "--as", filler)
        assert (result.exit_code, "act_for_unit" in result.stderr) == (2, True)

    def test_not_by_nobody(self, run, template):
        result = run("upload", template(), "--as", "nobody")
        assert (result.exit_code, "no such user: nobody" in result.stderr) == (2, True)

    def test_a_file_that_is_no_template(self, run, tmp_path, filler):
        file = tmp_path / "x.xlsx"
        openpyxl.Workbook().save(file)
        result = run("upload", file, "--as", filler)
        assert (result.exit_code, "not_a_template" in result.stdout) == (2, True)


def test_a_new_installation_makes_its_own_database():
    """Two commands, with the data directory before and after the noun; nothing is left running."""
    with tempfile.TemporaryDirectory(prefix="hz-", dir="/tmp") as place:
        Path(place).chmod(0o711)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUIZONG_")}
        units = ROOT / "portal" / "reference" / "units.csv"
        for arguments in (
            ["--data-dir", place, "units", "import", str(units)],
            ["units", "export", "--data-dir", place, "-"],
        ):
            result = subprocess.run(
                [sys.executable, "-m", "portal.cli", *arguments],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert result.returncode == 0, result.stderr
        assert result.stdout == units.read_text()
        assert not list(Path(place).rglob("postmaster.pid"))


class TestAccepting:
    @pytest.fixture
    def city(self, run, committed_world):
        """Two districts handed in, and the city's reviewer, `pruefer`."""
        for unit in ("d111", "d112"):
            committed_world.submit(unit)
        employ("pruefer", "c11", Role.REVIEWER)
        return run

    def test_those_named_and_then_all_that_wait(self, city, committed_world):
        one = city("submission", "accept", "T-2023", "d111", "d211", "--as", "pruefer")
        assert one.exit_code == 1
        assert [line.split()[:2] for line in one.stdout.splitlines()[:2]] == [
            ["d111", "accepted"],
            ["d211", "not_found"],
        ]
        rest = city("submission", "accept", "T-2023", "--all", "--as", "pruefer")
        assert (rest.exit_code, rest.stdout.splitlines()[0]) == (0, "d112 accepted")
        assert city("rollup", "verify").exit_code == city("audit", "verify").exit_code == 0
        assert city("submission", "accept", "T-2023", "--all", "--as", "pruefer").exit_code == 0

    def test_units_that_are_none_below(self, city):
        odd = ["9" * 5000, "-1", "民政局", "", "c11", "p1"]
        broken = city("submission", "accept", "--as", "pruefer", "T-2023", "--", "\udcff", "d111")
        assert (broken.exit_code, "不能用 utf-8 书写" in broken.output) == (2, True)
        done = city("submission", "accept", "--as", "pruefer", "T-2023", "--", *odd, "d111")
        assert done.exit_code == 1
        assert "d111 accepted" in done.stdout
        assert f"已验收 1 件，没有验收 {len(odd)} 件" in done.output

    def test_collections_that_are_none(self, city):
        for collection, code in (("T", 2), ("T-99999", 2), ("", 2), ("X-2023", 1), ("T-1901", 1), ("民政局-2023", 1)):
            done = city("submission", "accept", "--as", "pruefer", "--", collection, "d111")
            assert done.exit_code == code
            assert "没有这个" in done.output

    def test_either_units_or_all(self, city):
        for named in ((), ("d111", "--all")):
            assert city("submission", "accept", "T-2023", *named, "--as", "pruefer").exit_code == 2
