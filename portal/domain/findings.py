"""Findings (审核结果): breaches in what a submitter sent. Data, never raised."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.domain.forms import Severity, Text


@dataclass(frozen=True)
class Cell:
    """A place in an uploaded workbook."""

    sheet: str
    address: str  # "D7"


@dataclass(frozen=True)
class ListPlace:
    """A place in a list: the whole of it, or a row, or one of a row's cells.

    Attributes:
        row: counted from 1 as it is shown; 0 for the whole list.
        column: empty for the whole row.
        number: the row's own, which it keeps while others come and go.
    """

    list: str
    row: int = 0
    column: str = ""
    number: int = 0

    def __str__(self) -> str:
        parts = (self.list, str(self.number) if self.row else "", self.column)
        return ".".join(part for part in parts if part)


@dataclass(frozen=True)
class Finding:
    """One breach at one place, in the submitter's words.

    Attributes:
        code: stable kind of mistake (`rule_broken`, `required`, `not_a_number`, …).
        rule: id of the form's rule when one was broken; with `indicator` it identifies the finding.
        message: what is wrong, ready to be shown.
        found: what stands there, as the submitter wrote it, or an exact number.
        expected: what should stand there.
        difference: found minus expected, exact, where both are numbers.
        advice: what to do.
        listed: where in a list it stands, if it is about one; `indicator` is empty then.
        cell: where it stands in the uploaded file, if one was.
        operands: figures the rule looked at, by indicator code, as exact texts.
        last_year: last year's figure of the indicator, as an exact text.
        cause: the indicator whose own mistake this most likely follows from; empty if it stands for itself.
        hides: codes of indicators and lists that could not be read because of it, besides its own.
        echoes: findings that are not listed because they only repeat this one, or rest on what it left unread.
        clears: how many findings one correction settles: this one, what goes back to the same, and all their echoes.
    """

    code: str
    severity: Severity
    message: Text
    indicator: str = ""
    rule: str = ""
    found: str = ""
    expected: str = ""
    difference: str = ""
    advice: Text = Text("")
    listed: ListPlace | None = None
    cell: Cell | None = None
    operands: Mapping[str, str] = field(default_factory=dict)
    last_year: str = ""
    cause: str = ""
    hides: frozenset[str] = frozenset()
    echoes: int = 0
    clears: int = 1

    @property
    def subject(self) -> str:
        """Code of the indicator or list that it is about; empty for the whole."""
        return self.listed.list if self.listed else self.indicator

    @property
    def spot(self) -> str:
        """The indicator's code, or the place in a list; empty for the whole."""
        return self.indicator or str(self.listed or "")

    @property
    def key(self) -> tuple[str, str, str]:
        """What an explanation refers to."""
        return (self.code, self.rule, self.spot)
