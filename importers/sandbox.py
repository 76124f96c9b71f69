"""Every parse of an upload happens in a child process with bounded memory, processor time and wall time.

A fresh interpreter costs about 0.1 s and inherits nothing: no database handle, no environment, no open file.
"""

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from importers import limits
from importers.gate import FileKind, admit
from importers.rows import ROW, ReadRow
from importers.wire import CELLS, END, FAILED, REFUSED, ROWS, from_fields, no_cell
from importers.workbook import ReadCell, ReadSheet, ReadWorkbook, Record, SheetEnd, WorkbookHeader
from portal.config import macros_dropped
from portal.errors import WorkbookUnreadable

_ROOT = Path(__file__).resolve().parent.parent
_log = logging.getLogger(__name__)


def read_workbook(content: bytes, filename: str = "") -> ReadWorkbook:
    """The whole workbook; only of a CSV does the name of the file matter.

    Raises:
        WorkbookUnreadable: it is none, may not be opened, is damaged, or holds more than any report does.
    """
    header = WorkbookHeader(())
    sheets: dict[str, ReadSheet] = {}
    kept = 0
    for record in stream(content, filename):
        if isinstance(record, ReadCell):
            kept += 1
            if kept > limits.MAX_KEPT_CELLS:
                raise WorkbookUnreadable("too_many_cells", record.sheet)
            sheets[record.sheet].cells[record.row, record.column] = record
        elif isinstance(record, SheetEnd):
            sheets[record.sheet].hidden_rows = record.hidden_rows
            sheets[record.sheet].hidden_columns = record.hidden_columns
            sheets[record.sheet].merged = record.merged
            sheets[record.sheet].comments = record.comments
        else:
            header = record
            sheets = {sheet.name: ReadSheet(sheet.name, sheet.visibility) for sheet in record.sheets}
    return ReadWorkbook(header, tuple(sheets.values()))


def stream(content: bytes, filename: str = "", *, wall_seconds: float = limits.CHILD_WALL_SECONDS) -> Iterator[Record]:
    """Records as the child reads them; nothing is kept here.

    Raises:
        WorkbookUnreadable: also in the middle, when the child refuses, breaks down or takes too long.
    """
    for fields, _line in _answers(content, filename, CELLS, wall_seconds):
        yield from_fields(fields)


def stream_rows(
    content: bytes, *, wall_seconds: float = limits.CHILD_WALL_SECONDS
) -> Iterator[tuple[WorkbookHeader | ReadRow | SheetEnd, bytes]]:
    """The same, row by row, each with the line that it came in: what a row takes in the least memory.

    Raises:
        WorkbookUnreadable: also in the middle, as `stream` does.
    """
    for fields, line in _answers(content, "", ROWS, wall_seconds):
        yield (ReadRow(*fields[1:]) if fields[0] == ROW else no_cell(fields)), line


def _answers(content: bytes, filename: str, how: str, wall_seconds: float) -> Iterator[tuple[list[Any], bytes]]:
    kind = admit(content, filename, with_macros=macros_dropped())
    with _Child(kind, how, wall_seconds) as child:
        for line in child.answer(content):
            fields = json.loads(line)
            if fields[0] == END:
                return
            if fields[0] == REFUSED:
                raise WorkbookUnreadable(fields[1], fields[2])
            if fields[0] == FAILED:
                _log.error("the reader failed on an upload: %s", fields[1])
                raise WorkbookUnreadable("crashed")
            yield fields, line
        raise WorkbookUnreadable(child.fate())


class _Child:
    """A running child; it does not outlive the block."""

    def __init__(self, kind: FileKind, how: str, wall_seconds: float) -> None:
        # -O: xlrd asserts on the comment records some programs write; no figure depends on them.
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-O", "-m", "importers.child", kind.value, how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"},
        )
        self._timed_out = False
        self._timer = threading.Timer(wall_seconds, self._stop_late)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.__exit__(None, None, None)

    def answer(self, content: bytes) -> Iterator[bytes]:
        """Hand over the file, then whole lines; a line cut short by the child's death is left out."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return
        with suppress(BrokenPipeError):  # a child that died at once; `fate` tells
            stdin.write(content)
            stdin.close()
        yield from (line for line in stdout if line.endswith(b"\n"))

    def fate(self) -> str:
        """The reason that fits the way the child ended without a last word."""
        code = self._process.wait()
        if self._timed_out or code == -signal.SIGXCPU:
            return "too_slow"
        _log.warning("reading a workbook ended with %s", code)
        return "crashed"

    def _stop_late(self) -> None:
        self._timed_out = True
        self._process.kill()
