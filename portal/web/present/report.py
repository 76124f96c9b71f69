"""The task list of one return: its sheets, the sections of its text, its files, the declaration."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.domain.forms import Section
from portal.domain.lifecycle import HANDED_IN
from portal.queries.report import NOTHING_WRITTEN, EvidenceRow, PassageRow
from portal.queries.submissions import SubmissionView
from portal.web.present.sheet import SheetProgress


@dataclass(frozen=True)
class SectionProgress:
    """A section of the text and what stands there."""

    section: Section
    passage: PassageRow

    @property
    def complete(self) -> bool:
        """Something is written."""
        return bool(self.passage.words)

    @property
    def sha256(self) -> str:
        """Digest of what is written."""
        return hashlib.sha256(self.passage.words.encode()).hexdigest()

    @property
    def characters(self) -> int:
        """Characters written, spaces and line ends not counted."""
        return len("".join(self.passage.words.split()))


@dataclass(frozen=True)
class TaskList:
    """Everything one return is made of, and how far each part is.

    Attributes:
        files: those of the whole and of single figures.
        declared: whether it is handed in.
    """

    sheets: Sequence[SheetProgress]
    sections: Sequence[SectionProgress]
    files: Sequence[EvidenceRow]
    declared: bool

    @property
    def ready(self) -> bool:
        """Nothing but the declaration is left."""
        return all(self._complete())

    @property
    def done(self) -> int:
        """Parts that are complete. Files are nobody's duty, and not counted."""
        return sum(self._complete()) + self.declared

    @property
    def of(self) -> int:
        """Parts that there are."""
        return len(self.sheets) + len(self.sections) + 1

    def _complete(self) -> list[bool]:
        return [each.complete for each in self.sheets] + [each.complete for each in self.sections]


def task_list(
    view: SubmissionView,
    sheets: Sequence[SheetProgress],
    passages: Mapping[str, PassageRow],
    files: Sequence[EvidenceRow],
) -> TaskList:
    """The parts of the return in the order in which they are worked through."""
    return TaskList(sheets, section_progress(view, passages), files, view.state in HANDED_IN)


def section_progress(view: SubmissionView, passages: Mapping[str, PassageRow]) -> list[SectionProgress]:
    """The sections of the form's outline with what stands there."""
    return [SectionProgress(each, passages.get(each.code, NOTHING_WRITTEN)) for each in view.form.outline]
