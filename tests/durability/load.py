"""People at work: each notes what the portal told them was done, and finds it again after every crash."""

import io
import random
import re
import threading
import time
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import requests

from importers.consolidated import UnitLine, write_consolidated
from importers.identity import UnitName
from importers.template import template
from importers.template_job import Job
from portal.domain.units import Level
from portal.domain.values import Value
from tests.durability.installation import CLERKS, FORM_T, PASSWORD, REPORTING, Installation
from tests.world import PERIOD, good_answers

ANSWER_SECONDS = 30

# What may be done in a state, and where it leads.
MOVES = {
    "assigned": {},
    "drafting": {"submit": "submitted"},
    "sent_back": {"submit": "submitted"},
    "submitted": {"accept": "accepted", "send_back": "sent_back", "withdraw": "drafting"},
    "accepted": {"reopen": "sent_back"},
}
BY_THE_UNIT = {"submit", "withdraw"}


class Unanswered(Exception):
    """The request may have been done or not: there was no answer, or one that says that the portal broke."""


class Person:
    """Somebody in front of a browser."""

    def __init__(self, address: str, username: str) -> None:
        self.address = address
        self.http = requests.Session()
        self.http.trust_env = False
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.ask("GET", "/login/").text)
        assert token
        fields = {"csrf_token": token[1], "username": username, "password": PASSWORD}
        answer = self.ask("POST", "/login/", data=fields)
        assert answer.headers["Location"] == "/", answer.text
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.ask("GET", "/nowhere", also={404}).text)
        assert token
        self.token = token[1]

    def ask(self, method: str, path: str, *, also: Collection[int] = (), **more: Any) -> requests.Response:
        """A request with a definite answer, which must be a good one (2xx or 3xx, or one that is named).

        Raises:
            Unanswered: nobody knows what became of it.
        """
        if method != "GET" and path != "/login/":
            more["headers"] = {"X-CSRFToken": self.token} | more.get("headers", {})
        try:
            answer = self.http.request(
                method, self.address + path, timeout=ANSWER_SECONDS, allow_redirects=False, **more
            )
        except requests.RequestException as error:
            raise Unanswered(str(error)) from error
        if answer.status_code >= 500:
            raise Unanswered(f"{answer.status_code} {answer.text[:200]}")
        assert answer.status_code < 400 or answer.status_code in also, (
            f"{method} {path}: {answer.status_code} {answer.text[:600]}"
        )
        return answer


@dataclass
class Report:
    """A unit's submission as far as its people know.

    Attributes:
        state: where it stands.
        number: from which all figures of the draft were made.
        possible: state and number if one of the requests was done that were not answered. It may be done later still:
            the database goes on with a statement when the web is dead. Once another request was done it is too late,
            because each says which state it has seen.
    """

    unit: str
    state: str = "assigned"
    number: int = 0
    possible: set[tuple[str, int]] = field(default_factory=set)

    def done(self, state: str, number: int) -> None:
        """A change was answered for."""
        self.state, self.number = state, number
        self.possible.clear()


class Worker(threading.Thread):
    """A thread that does one step after another, until it is told to rest or to stop."""

    def __init__(self, installation: Installation, seed: int) -> None:
        super().__init__(daemon=True)
        self.installation = installation
        self.random = random.Random(seed)
        self.resting = threading.Lock()
        self.stopped = threading.Event()
        self.done: dict[str, int] = {}
        self.unanswered: dict[str, int] = {}
        self.problems: list[str] = []

    def run(self) -> None:
        while not self.stopped.wait(self.random.uniform(0, 0.1)):
            with self.resting:
                try:
                    self.step()
                except Unanswered as error:
                    kind = re.sub(r"0x\w+|\d{5,}|[0-9a-f]{8}", "…", str(error))[-120:]
                    self.unanswered[kind] = self.unanswered.get(kind, 0) + 1
                    time.sleep(0.3)
                except Exception as error:  # noqa: BLE001 - told by the test
                    self.problems.append(f"{type(error).__name__}: {error}")
                    return

    def step(self) -> None:
        """Do something."""
        raise NotImplementedError

    def look(self) -> None:
        """Find again what was done."""
        raise NotImplementedError

    def count(self, what: str) -> None:
        """Note that something was done."""
        self.done[what] = self.done.get(what, 0) + 1


class Bureau(Worker):
    """The people of a city and its districts: fill in, upload, hand in, send back, accept, reopen."""

    def __init__(self, installation: Installation, seed: int, city: str) -> None:
        super().__init__(installation, seed)
        self.reports = [Report(unit) for unit in REPORTING[city]]
        self.above = Person(installation.address, f"{city}.reviewer")
        self.fillers = {each.unit: Person(installation.address, f"{each.unit}.filler") for each in self.reports}
        self.workbooks = {
            each.unit: template(FORM_T, _unit(each.unit), PERIOD, current=answers(7)) for each in self.reports
        }
        self.uploads: dict[str, str] = {}

    def step(self) -> None:
        report = self.random.choice(self.reports)
        if report.possible:
            self.find(report)
        moves = MOVES[report.state]
        what = self.random.choice(
            [*moves, *([] if report.state in {"submitted", "accepted"} else ["fill", "fill", "upload"])]
        )
        if what == "fill":
            self.fill(report)
        elif what == "upload":
            self.upload(report)
        else:
            self.move(report, what, moves[what])
        self.count(what)

    def move(self, report: Report, verb: str, target: str) -> None:
        person = self.fillers[report.unit] if verb in BY_THE_UNIT else self.above
        body = {"reason": "更正后再报一次，数据有出入"}
        self.change(report, (target, report.number), person, "POST", f"actions/{verb}", body)

    def fill(self, report: Report) -> None:
        after = "sent_back" if report.state == "sent_back" else "drafting", report.number + 1
        body = {"values": {code: _json(value) for code, value in answers(after[1]).items()}}
        saved = self.change(report, after, self.fillers[report.unit], "PATCH", "values", body)
        assert saved["refused"] == [], saved

    def change(
        self, report: Report, after: tuple[str, int], person: Person, method: str, path: str, body: Any
    ) -> dict[str, Any]:
        """Change a submission that is as it was seen."""
        seen = person.ask("GET", _path(report))
        if seen.json()["state"] != report.state and report.possible:
            raise Unanswered("done later")
        late = {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED} if report.possible else set()
        report.possible.add(after)
        answer = person.ask(
            method, f"{_path(report)}/{path}", json=body, headers={"If-Match": seen.headers["ETag"]}, also=late
        )
        if answer.status_code in late:
            raise Unanswered("done later")
        report.done(*after)
        return answer.json()

    def upload(self, report: Report) -> None:
        kept = self.fillers[report.unit].ask(
            "POST",
            "/api/v1/uploads",
            data={"unit": report.unit, "period": str(PERIOD), "form": FORM_T.code},
            files={"file": (f"{report.unit}.xlsx", self.workbooks[report.unit])},
        )
        self.uploads[kept.json()["id"]] = report.unit

    def find(self, report: Report) -> None:
        """Compare what is there with what was told: the unanswered request was done wholly, or not at all."""
        shown = self.fillers[report.unit].ask("GET", f"{_path(report)}/values").json()
        numbers = {code: shown["values"].get(code, {}).get("number") for code in ("T101", "T102", "T103", "T107")}
        number = int(numbers["T107"] or 0)
        whole = {code: answers(number)[code].number if number else None for code in numbers}
        assert {code: each and int(each) for code, each in numbers.items()} == whole, (
            f"half written: {report} {numbers}"
        )
        there = shown["state"], number
        assert there in {(report.state, report.number), *report.possible}, f"{report}, but there is {there}"
        report.state, report.number = there
        report.possible.discard(there)

    def look(self) -> None:
        for report in self.reports:
            self.find(report)
        for upload_id, unit in list(self.uploads.items())[-5:]:
            self.fillers[unit].ask("GET", f"/api/v1/uploads/{upload_id}")


class Clerk(Worker):
    """A city's clerk, who hands in files with the answers of all districts, one after the other."""

    def __init__(self, installation: Installation, seed: int) -> None:
        super().__init__(installation, seed)
        self.city, self.units = CLERKS
        self.person = Person(installation.address, f"{self.city}.filler")
        self.number = 0
        self.handed_in: dict[int, str] = {}
        self.under_way = False

    def step(self) -> None:
        if self.under_way:
            page = self.person.ask("GET", "/collections/T-2023/batches/").text
            self.under_way = re.search("排队中|处理中|正在取消", page) is not None
            time.sleep(0.3)
            return
        self.number += 1
        content = self._table() if self.number % 2 else self._bundle()
        self.under_way = True  # perhaps, also without an answer
        kept = self.person.ask(
            "POST",
            "/collections/T-2023/batches/answers",
            data={"replaces": "on"},
            files={"file": (f"batch-{self.number}.{'xlsx' if self.number % 2 else 'zip'}", content)},
        )
        self.handed_in[self.number] = kept.headers["Location"]
        self.count("batch")

    def _table(self) -> bytes:
        job = Job(FORM_T, UnitName(self.city, f"{self.city} 民政局", Level.CITY), PERIOD)
        lines = [UnitLine(_unit(code), "可填", True, answers(self.number)) for code in self.units]
        stream = io.BytesIO()
        write_consolidated(stream, job, lines, len(lines))
        return stream.getvalue()

    def _bundle(self) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for code in self.units:
                archive.writestr(f"{code}.xlsx", template(FORM_T, _unit(code), PERIOD, current=answers(self.number)))
        return stream.getvalue()

    def look(self) -> None:
        for location in list(self.handed_in.values())[-5:]:
            self.person.ask("GET", location)


@dataclass
class Load:
    """Everybody."""

    installation: Installation
    seed: int
    bureaus: list[Bureau] = field(default_factory=list)
    clerk: Clerk | None = None

    @property
    def workers(self) -> list[Worker]:
        """Every thread."""
        return [*self.bureaus, *([self.clerk] if self.clerk else [])]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """People sign in and work; at the end they stop."""
        self.bureaus = [Bureau(self.installation, self.seed + n, city) for n, city in enumerate(REPORTING)]
        self.clerk = Clerk(self.installation, self.seed + 99)
        for worker in self.workers:
            worker.start()
        try:
            yield
        finally:
            for worker in self.workers:
                worker.stopped.set()
            for worker in self.workers:
                worker.join(ANSWER_SECONDS + 10)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Nobody asks for anything meanwhile."""
        for worker in self.workers:
            assert worker.resting.acquire(timeout=ANSWER_SECONDS * 3), "a request takes for ever"
        try:
            yield
        finally:
            for worker in self.workers:
                worker.resting.release()

    def problems(self) -> list[str]:
        """What nobody should have met."""
        return [problem for worker in self.workers for problem in worker.problems]


def answers(number: int) -> dict[str, Value]:
    """Answers that all tell of the same number, and break no rule."""
    made = {"T101": 2 * number, "T102": number, "T103": number, "T107": number}
    return good_answers() | {code: Value.of(each) for code, each in made.items()}


def _unit(code: str) -> UnitName:
    return UnitName(code, f"{code} 民政局", Level.DISTRICT)


def _path(report: Report) -> str:
    return f"/api/v1/submissions/{report.unit}-{PERIOD}-{FORM_T.code}"


def _json(value: Value) -> dict[str, str]:
    return {"number": str(value.number)} if value.number is not None else {"text": str(value.text)}
