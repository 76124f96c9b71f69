"""An upload as its page shows it: the report in one language, and what the file would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from portal.domain.forms import Indicator, Section, Severity, Sheet
from portal.domain.lists import ListAnswer, ListTable
from portal.domain.values import MISSING, Value
from portal.errors import InvalidInput
from portal.queries.report import NOTHING_WRITTEN, PassageRow
from portal.queries.submissions import SubmissionView
from portal.services.uploads import TEXT, ListInFile, lists_in, texts_in, values_of
from portal.web.figures import shown

CHECKED = "checked"
"""Outcome of an upload that was read and checked (`importers.pipeline.Outcome`)."""


@dataclass(frozen=True)
class Change:
    """A figure that the draft and the file have differently.

    Attributes:
        place: where it stands in the file, `表4!E12`.
        clears: the file's cell is empty, so that writing it would take the draft's figure away.
    """

    indicator: Indicator
    place: str
    now: str
    in_file: str
    clears: bool


def localised(report: Mapping[str, Any] | None, language: str) -> Mapping[str, Any] | None:
    """The report with its sentences in that language."""
    return {**report, **report["en"]} if report is not None and language == "en" else report


def severity_chosen(text: str) -> Severity | None:
    """The severity a page is narrowed to; None for all.

    Raises:
        InvalidInput: it is none.
    """
    if not text:
        return None
    if text not in set(Severity):
        raise InvalidInput("severity", "unknown", text)
    return Severity(text)


def differences(view: SubmissionView, report: Mapping[str, Any] | None) -> list[Change]:
    """What writing the file into the draft would change, in form order."""
    if report is None or report["outcome"] != CHECKED:
        return []
    changes = []
    for code, in_file in values_of(report, view.form, view.values).items():
        indicator, now = view.form.indicator(code), view.values.get(code, MISSING)
        if now != in_file:
            place = report["places"].get(code, "")
            clears = now.answered and not in_file.answered
            changes.append(
                Change(indicator, place, _in_words(now, indicator), _in_words(in_file, indicator), clears=clears)
            )
    return changes


@dataclass(frozen=True)
class ListChange:
    """A list that the draft and the file have differently.

    Attributes:
        changed: rows of the file that are not so in the draft, in the same place.
        clears: the file's list is empty, so that writing it would take the draft's rows away.
    """

    sheet: Sheet
    table: ListTable
    now: ListAnswer
    in_file: ListInFile
    changed: int
    clears: bool


def list_differences(view: SubmissionView, report: Mapping[str, Any] | None) -> list[ListChange]:
    """What writing the file into the draft would change in its lists, in form order."""
    found = []
    in_report = lists_in(report) if report is not None and report["outcome"] == CHECKED else {}
    for code, in_file in in_report.items():
        sheet, table = view.form.lists[code]
        now = view.around.lists.get(code) or ListAnswer(table)
        rows = [item.cells for item in now.items]
        changed = sum(one != other for one, other in zip_longest(rows, in_file.rows))
        if changed or now.none != in_file.none:
            clears = now.answered and not in_file.rows and not in_file.none
            found.append(ListChange(sheet, table, now, in_file, changed, clears=clears))
    return found


class TextChange(NamedTuple):
    """A section of the text that the draft and the file have differently, with the characters of each."""

    name: str
    section: Section
    now: int
    in_file: int


def text_differences(
    view: SubmissionView, passages: Mapping[str, PassageRow], report: Mapping[str, Any] | None
) -> list[TextChange]:
    """What writing the file into the draft would change in its text, in form order."""
    said = texts_in(report) if report is not None and report["outcome"] == CHECKED else {}
    found = []
    for section in view.form.outline:
        now, in_file = passages.get(section.code, NOTHING_WRITTEN).words, said.get(f"{TEXT}{section.code}", "")
        if in_file and in_file != now:
            found.append(TextChange(f"{TEXT}{section.code}", section, len(now), len(in_file)))
    return found


def _in_words(value: Value, indicator: Indicator) -> str:
    return f"{shown(value, indicator)} {value.note}".rstrip()


ReportFinding = Mapping[str, Any]
"""A finding as `importers.examination_json.finding_json` writes it."""


class ToCorrect(NamedTuple):
    """How many findings of a file each way of correcting settles; those for information need none.

    Attributes:
        on_screen: of figures and lists, which can be typed on their pages.
        in_file: of whatever is wrong in the file.
    """

    on_screen: int
    in_file: int


def to_correct(report: Mapping[str, Any] | None) -> ToCorrect:
    """What there is to correct in a file, by the two ways of doing so."""
    wrong = [each for each in (report or {}).get("findings", []) if each["severity"] != Severity.INFO]
    return ToCorrect(sum(bool(each["indicator"] or each["list"]) for each in wrong), len(wrong))


def findings_by_sheet(
    findings: Sequence[ReportFinding], severity: Severity | None
) -> list[tuple[str, list[ReportFinding]]]:
    """Findings of a report by the file's sheet, in the report's order; those about the whole file come first."""
    wanted = [each for each in findings if severity in {None, each["severity"]}]
    sheets = list(dict.fromkeys(each["sheet"] or "" for each in wanted))
    return [(sheet, [each for each in wanted if (each["sheet"] or "") == sheet]) for sheet in sorted(sheets, key=bool)]
