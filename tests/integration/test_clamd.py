"""The scanner's client against a real clamd, which knows signatures of the test's own; where one is installed."""

import io
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.virus_scan import ScannerUnavailable, VirusFound, VirusScanner

CLAMD = shutil.which("clamd")
SIGNATURE = b"HUIZONG-TEST-SIGNATURE"
STARTS_WITHIN = 60

pytestmark = pytest.mark.skipif(CLAMD is None, reason="clamd is not installed (Debian: clamav-daemon)")


@pytest.fixture(scope="module")
def scanner() -> Iterator[VirusScanner]:
    with tempfile.TemporaryDirectory(prefix="clamd-") as name:  # short: a socket's path is at most 107 bytes
        folder = Path(name)
        (folder / "own.ndb").write_text(f"Huizong.Test:0:*:{SIGNATURE.hex()}\n")
        socket, settings = folder / "socket", folder / "clamd.conf"
        settings.write_text(
            f"DatabaseDirectory {folder}\nLocalSocket {socket}\nForeground yes\nStreamMaxLength 1M\nMaxScanSize 8M\n"
        )
        with subprocess.Popen([str(CLAMD), "-c", str(settings)], stdout=subprocess.DEVNULL) as clamd:
            try:
                until = time.monotonic() + STARTS_WITHIN
                while not socket.exists() and time.monotonic() < until:
                    time.sleep(0.05)
                yield VirusScanner(path=str(socket))
            finally:
                clamd.terminate()


def zipped(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("content", [b"", b"clean", zipped("xl/workbook.xml", b"<workbook/>"), bytes(900_000)])
def test_what_is_clean_passes_and_is_left_at_its_beginning(scanner: VirusScanner, content: bytes) -> None:
    file = io.BytesIO(content)
    scanner.check(file)
    assert file.read() == content


@pytest.mark.parametrize(
    "content",
    [SIGNATURE, b"x" * 300_000 + SIGNATURE, zipped("a.xlsx", zipped("xl/sharedStrings.xml", b"<sst>" + SIGNATURE))],
)
def test_what_it_knows_is_found_wherever_it_hides(scanner: VirusScanner, content: bytes) -> None:
    with pytest.raises(VirusFound, match=r"Huizong\.Test"):
        scanner.check(io.BytesIO(content))


def test_more_than_it_takes_is_not_taken_in_unseen(scanner: VirusScanner) -> None:
    with pytest.raises(ScannerUnavailable, match="size limit exceeded"):
        scanner.check(io.BytesIO(bytes(3 * 1024**2)))
