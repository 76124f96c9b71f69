"""Files that a request brings."""

from typing import IO

from flask import Flask, current_app, request
from werkzeug.datastructures import FileStorage

from importers.limits import MAX_BUNDLE_BYTES
from portal.virus_scan import VirusScanner
from portal.web.identity import find_current_actor

_LARGE = frozenset({"batches.hand_in", "BatchesApi.hand_in"})
"""Endpoints that take zips of many workbooks."""

_FORM_AROUND = 64 * 1024


def install(app: Flask) -> None:
    """Let the few endpoints that take large files take them, from people who are signed in."""
    app.before_request(_allow_large)


def _allow_large() -> None:
    if request.endpoint in _LARGE and request.method == "POST" and find_current_actor() is not None:
        request.max_content_length = MAX_BUNDLE_BYTES + _FORM_AROUND


def name_of(file: FileStorage) -> str:
    """What a file is called, without the folders that some programs send along."""
    return (file.filename or "").replace("\\", "/").rpartition("/")[2]


def read_file(file: FileStorage) -> bytes:
    """The bytes of a file, once the virus scanner, where there is one, has nothing against them.

    Raises:
        VirusFound: it has.
        ScannerUnavailable: it could not be asked.
    """
    return scanned(file).read()


def scanned(file: FileStorage) -> IO[bytes]:
    """A file at its beginning, on disk if it is large; raises what `read_file` raises."""
    scanner: VirusScanner | None = current_app.config["VIRUS_SCANNER"]
    if scanner is not None:
        scanner.check(file.stream)
    return file.stream
