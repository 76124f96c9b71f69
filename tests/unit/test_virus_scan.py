"""The scanner's client, against a server that speaks clamd's protocol."""

import io
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.environment import ConfigInvalid
from portal.virus_scan import ScannerUnavailable, VirusFound, VirusScanner
from tests.clamd import SIGNATURE, Clamd, running_clamd


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    with running_clamd() as server:
        yield server


def test_a_clean_file_is_sent_whole(clamd: Clamd) -> None:
    content = bytes(range(256)) * 3000
    clamd.scanner.check(io.BytesIO(content))
    assert clamd.seen == [content]


def test_an_empty_file_is_clean(clamd: Clamd) -> None:
    clamd.scanner.check(io.BytesIO(b""))
    assert clamd.seen == [b""]


def test_a_known_one_is_named(clamd: Clamd) -> None:
    with pytest.raises(VirusFound) as found:
        clamd.scanner.check(io.BytesIO(b"x" * 300_000 + SIGNATURE))
    assert found.value.name == "Test.Signature"


def test_another_answer_is_no_answer(clamd: Clamd) -> None:
    clamd.largest = 10
    with pytest.raises(ScannerUnavailable, match="size limit"):
        clamd.scanner.check(io.BytesIO(b"x" * 11))


def test_nobody_there() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as taken:
        port = taken.server_address[1]
    with pytest.raises(ScannerUnavailable):
        VirusScanner("127.0.0.1", port).check(io.BytesIO(b""))


def test_a_server_that_hangs_up_is_no_answer() -> None:
    class HangUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(10)

    with socketserver.TCPServer(("127.0.0.1", 0), HangUp) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(ScannerUnavailable):
            VirusScanner("127.0.0.1", server.server_address[1]).check(io.BytesIO(b"abc"))


def test_a_socket_in_the_file_system(tmp_path: Path) -> None:
    with pytest.raises(ScannerUnavailable):
        VirusScanner(path=str(tmp_path / "none")).check(io.BytesIO(b""))
    with running_clamd(tmp_path / "clamd.ctl") as server, pytest.raises(VirusFound):
        server.scanner.check(io.BytesIO(SIGNATURE))


@pytest.mark.parametrize(
    ("text", "scanner"),
    [
        ("", None),
        ("127.0.0.1:3310", VirusScanner("127.0.0.1", 3310)),
        ("[::1]:3310", VirusScanner("::1", 3310)),
        ("unix:/run/clamav/clamd.ctl", VirusScanner(path="/run/clamav/clamd.ctl")),
    ],
)
def test_the_setting(text: str, scanner: VirusScanner | None) -> None:
    assert VirusScanner.load({"HUIZONG_CLAMAV": text}) == scanner


@pytest.mark.parametrize("text", ["yes", "host", "host:", "host:0", "host:99999", ":3310", "unix:run"])
def test_a_setting_that_is_none(text: str) -> None:
    with pytest.raises(ConfigInvalid):
        VirusScanner.load({"HUIZONG_CLAMAV": text})
