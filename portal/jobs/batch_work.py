"""What the parts of a batch's job share: whose it is, when to stop, and a file written piece by piece."""

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.db import transaction
from portal.domain.actors import Actor
from portal.domain.batches import BatchKind, BatchState
from portal.domain.findings import Finding
from portal.domain.forms import Text
from portal.queries.batches import BatchView
from portal.services import batches, events

FINDINGS_KEPT = 20
"""Of one unit; all of them are found again on the unit's own page."""


class Stopped(Exception):
    """Somebody cancelled the batch."""


@dataclass(frozen=True)
class Work:
    """A batch that is being done.

    Attributes:
        portal: within the unit; it enters and keeps the lines.
        person: who ordered it; what they may see and enter decides.
    """

    portal: Actor
    person: Actor
    batch: BatchView

    @contextmanager
    def step(self) -> Iterator[Session]:
        """A transaction that holds the batch, so that nobody else does the same step.

        Raises:
            Stopped: the batch was cancelled before.
        """
        with transaction(self.portal) as session:
            if batches.is_cancelled(session, self.portal, self.batch.id):
                raise Stopped
            yield session

    @contextmanager
    def part(self, number: int) -> Iterator[Session]:
        """A transaction that holds one of several parts that are done at the same time.

        Raises:
            Stopped: the batch was cancelled before.
        """
        with transaction(self.portal) as session:
            if batches.hold_part(session, self.portal, self.batch.id, number):
                raise Stopped
            yield session

    @contextmanager
    def entering(self, session: Session) -> Iterator[None]:
        """Around what writes answers: of a batch that only checks, nothing of it stays."""
        if self.batch.kind is not BatchKind.CHECK:
            yield
            return
        with events.undone(session):
            yield


def finding_lines(findings: Iterable[Finding]) -> tuple[dict[str, int], list[dict[str, str]]]:
    """Findings of one unit as its line keeps them: how many of each severity, and the first of them, heaviest first."""
    ordered = sorted(findings, key=lambda finding: finding.severity.rank)
    counts = Counter(str(finding.severity) for finding in ordered)
    listed = [
        {
            "severity": str(finding.severity),
            "indicator": finding.indicator,
            "cell": f"{finding.cell.sheet}!{finding.cell.address}" if finding.cell else "",
            "zh": finding.message.zh,
            "en": finding.message.en,
        }
        for finding in ordered[:FINDINGS_KEPT]
    ]
    return dict(counts), listed


def read_report(remarks: Iterable[Text]) -> dict[str, Any]:
    """What is to be said about a file that was read."""
    return {"outcome": "read", "remarks": [_both(each) for each in remarks]}


def refused_report(code: str, message: Text, advice: Text) -> dict[str, Any]:
    """Why nothing of a file was read."""
    return {"outcome": "refused", "code": code, "message": _both(message), "advice": _both(advice), "remarks": []}


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.in_language("en")}


class PieceFile(io.RawIOBase):
    """A file that is written from front to back into the batch's pieces, one of which is in memory."""

    def __init__(self, work: Work, total: int) -> None:
        self.done = 0
        self._work, self._total = work, total
        self._buffer = bytearray()
        self._digest = hashlib.sha256()
        self._size = self._pieces = 0
        with work.step() as session:
            batches.drop_pieces(session, work.portal, work.batch.id)
            batches.progress(session, work.portal, work.batch.id, 0, total)

    def writable(self) -> bool:
        """It is; it can be neither read nor searched."""
        return True

    def write(self, content: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]  # any buffer
        """Add to the file."""
        self._buffer += content
        while len(self._buffer) >= batches.PIECE_BYTES:
            self._put(bytes(self._buffer[: batches.PIECE_BYTES]))
            del self._buffer[: batches.PIECE_BYTES]
        return len(content)

    def show_progress(self, done: int) -> None:
        """Show how many units are through, and stop if somebody cancelled."""
        self.done = done
        with self._work.step() as session:
            batches.progress(session, self._work.portal, self._work.batch.id, done, self._total)

    def finish(self) -> None:
        """Write the rest, and close the batch."""
        if self._buffer:
            self._put(bytes(self._buffer))
            self._buffer.clear()
        work = self._work
        with work.step() as session:
            batches.progress(session, work.portal, work.batch.id, self._total, self._total)
            file = (self._size, self._digest.hexdigest())
            batches.end(session, work.portal, work.batch.id, BatchState.DONE, file=file)

    def _put(self, piece: bytes) -> None:
        with self._work.step() as session:
            batches.put_piece(session, self._work.portal, self._work.batch.id, self._pieces, piece)
        self._pieces += 1
        self._size += len(piece)
        self._digest.update(piece)
