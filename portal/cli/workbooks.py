"""Workbooks on the command line: read with a limit, judged, and talked about."""

from pathlib import Path

import click

from importers.examination_text import clears_text
from importers.limits import MAX_FILE_BYTES
from importers.pipeline import Examination, Outcome
from portal.cli.words import Line, both
from portal.domain.findings import Finding
from portal.domain.forms import Severity, Text

WORKBOOK = click.Path(exists=True, dir_okay=False, path_type=Path)

CLEAN, MISTAKEN, UNUSABLE = 0, 1, 2
"""Exit codes of `check` and `upload`."""

_SEVERITIES: dict[Severity, Line] = {
    Severity.BLOCKING: ("必须改正", "blocking"),
    Severity.CONSENT: ("须说明并经上级同意", "consent"),
    Severity.EXPLAIN: ("须说明", "explain"),
    Severity.INFO: ("提示", "info"),
}


def content_of(file: Path) -> bytes:
    """The file's bytes; of one too large to be accepted, just enough to see that."""
    with file.open("rb") as stream:
        return stream.read(MAX_FILE_BYTES + 1)


def exit_code(examination: Examination) -> int:
    """0 clean or only to be explained, 1 blocking or consent findings, 2 not recognised or unreadable."""
    if examination.outcome is not Outcome.CHECKED:
        return UNUSABLE
    return MISTAKEN if examination.needs_correction else CLEAN


def print_examination(examination: Examination) -> None:
    """Every finding with its place, in both languages, then what was not checked."""
    if examination.outcome is not Outcome.CHECKED:
        print_refusal(examination.code, examination.message, examination.advice)
        return
    for finding in examination.findings:
        _print_finding(finding)
    for reason in examination.not_checked:
        _print_text(reason, "  - ")
    counts = [(_SEVERITIES[severity], examination.count(severity)) for severity in Severity]
    click.echo("；".join(f"{both(word)} {count}" for word, count in counts))


def print_refusal(code: str, message: Text, advice: Text) -> None:
    """Why a file cannot be taken at all, and what to do."""
    _print_text(message, f"[{code}] ")
    _print_text(advice, "    → ")


def _print_finding(finding: Finding) -> None:
    place = f"{finding.cell.sheet}!{finding.cell.address}" if finding.cell else "—"
    head = [place, finding.indicator, f"[{both(_SEVERITIES[finding.severity])}]", finding.code, finding.rule]
    click.echo(" ".join(part for part in head if part))
    more = clears_text(finding)
    _print_text(Text(finding.message.zh + more.zh, finding.message.en + more.en), "    ")
    _print_text(finding.advice, "    → ")


def _print_text(text: Text, before: str) -> None:
    for sentence in (text.zh, text.en):
        if sentence:
            click.echo(before + sentence)
