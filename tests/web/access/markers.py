"""Markers: texts and numbers that occur once in the world, so that an answer that holds one tells whose rows it read.

Who may see a marker is said here a second time, in the words of the law and not of the code: `may_see`.
"""

import html
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from portal.domain.policy import Role
from tests.world import TREE

FORM = "T"


class Stage(StrEnum):
    """How far the figures with the marker are."""

    DRAFT = "draft"  # nobody but the unit has seen them
    HANDED_IN = "handed_in"  # the direct superior has them
    ACCEPTED = "accepted"


class Kind(StrEnum):
    """What the marker stands in."""

    FIGURE = "figure"  # a value, its note, who typed it, an explanation, a file, its name
    COURSE = "course"  # who handed in, who decided, and why
    SUM = "sum"  # a roll-up
    PERSON = "person"  # an account of the unit


@dataclass(frozen=True)
class Marker:
    """A text or number, and whose it is; `key` is that of the submission it belongs to, if it belongs to one."""

    text: str
    kind: Kind
    unit: str
    stage: Stage = Stage.DRAFT
    key: str = ""

    @property
    def accepted(self) -> "Marker":
        """The same once the report is accepted."""
        return replace(self, stage=Stage.ACCEPTED)


@dataclass(frozen=True)
class Viewer:
    """Somebody who asks: acting for a unit (None: for none), as what, restricted to which forms (None: to none)."""

    unit: str | None = None
    roles: frozenset[Role] = frozenset()
    forms: frozenset[str] | None = None


def is_within(unit: str, superior: str | None) -> bool:
    """Whether a unit is this one or stands below it."""
    while unit and unit != superior:
        unit = TREE[unit][0]
    return bool(unit)


def may_see(viewer: Viewer, marker: Marker) -> bool:
    """The law: what a person may see.

    A draft belongs to its unit. What was handed in is read by the direct superior as well, what was accepted by every
    superior. The course of a report, sums and people are known to the unit and its superiors. A partner sees what was
    accepted, of their forms. A system administrator sees every account. Nobody sees anything of anybody else.
    """
    if marker.kind is Kind.PERSON and Role.SYSTEM_ADMIN in viewer.roles:
        return True
    if viewer.unit is None or not is_within(marker.unit, viewer.unit):
        return False
    if viewer.forms is not None and FORM not in viewer.forms:
        return False
    if viewer.roles == {Role.PARTNER}:
        return marker.kind is Kind.SUM or (marker.kind is Kind.FIGURE and marker.stage is Stage.ACCEPTED)
    if marker.kind is not Kind.FIGURE or marker.stage is Stage.ACCEPTED or marker.unit == viewer.unit:
        return True
    return marker.stage is Stage.HANDED_IN and TREE[marker.unit][0] == viewer.unit


def word(*parts: object) -> str:
    """A text that occurs nowhere else."""
    return f"mk{''.join(str(part) for part in parts)}qq"


def number(*parts: object) -> int:
    """A number of nine digits that occurs nowhere else."""
    return 100_000_000 + int(sha256(repr(parts).encode()).hexdigest()[:12], 16) % 900_000_000


_LOOKS_LIKE_A_MARKER = re.compile(r"mk[a-z0-9]+qq|[0-9]{9,10}")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])(?:,|&#44;|\\u002c|\s)(?=[0-9]{3})")


class Markers:
    """All markers of a world."""

    def __init__(self, markers: Iterable[Marker]) -> None:
        self.by_text = {marker.text: marker for marker in markers}

    def found_in(self, content: bytes) -> set[Marker]:
        """Those that an answer holds, in whatever way it is packed."""
        found = _LOOKS_LIKE_A_MARKER.findall(_BETWEEN_DIGITS.sub("", _unpacked(content)))
        return {self.by_text[text] for text in found if text in self.by_text}


def _unpacked(content: bytes) -> str:
    """The texts of a page, of JSON, or of the files in a workbook."""
    if not content.startswith(b"PK"):
        return html.unescape(content.decode("utf-8", "replace"))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "\n".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
