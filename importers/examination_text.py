"""An examination for people at a terminal: what `huizong check` prints."""

from importers.pipeline import Examination, Outcome
from portal.domain.findings import Finding
from portal.domain.forms import Language, Severity, Text

SEVERITY_WORDS = {
    Severity.BLOCKING: Text("必须改正", "Must be corrected"),
    Severity.CONSENT: Text("须说明并经上级同意", "Needs a reason and consent"),
    Severity.EXPLAIN: Text("须说明", "Needs an explanation"),
    Severity.INFO: Text("提示", "For information"),
}
_NOTHING_FOUND = Text("没有发现问题", "Nothing found")
_NOT_CHECKED = Text("没有核对的内容：", "Not checked:")


def examination_text(examination: Examination, language: Language = "zh") -> str:
    """The examination as lines: a summary, each finding with its place and advice, and what was not checked."""
    if examination.outcome is not Outcome.CHECKED:
        return "\n".join(
            [
                f"{examination.message.in_language(language)} [{examination.code}]",
                f"  {examination.advice.in_language(language)}",
            ]
        )
    lines = [summary(examination, language)]
    for finding in examination.findings:
        lines.append(_line(finding, language) + clears_text(finding).in_language(language))
        if advice := finding.advice.in_language(language):
            lines.append(f"  {advice}")
    if examination.not_checked:
        lines += ["", _NOT_CHECKED.in_language(language)]
        lines += [f"  {text.in_language(language)}" for text in examination.not_checked]
    return "\n".join(lines)


def clears_text(finding: Finding) -> Text:
    """What a correction settles besides this finding, to be put after its sentence; empty if nothing."""
    if finding.clears == 1:
        return Text("")
    return Text(f"（改好可消除 {finding.clears} 处问题）", f" (a correction clears {finding.clears} findings)")


def summary(examination: Examination, language: Language = "zh") -> str:
    """How many findings there are of each severity, heaviest first."""
    counts = {severity: examination.count(severity) for severity in Severity}
    listed = [
        f"{SEVERITY_WORDS[severity].in_language(language)} {count}" for severity, count in counts.items() if count
    ]
    return "　".join(listed) or _NOTHING_FOUND.in_language(language)


def _line(finding: Finding, language: Language) -> str:
    place = f"{finding.cell.sheet}!{finding.cell.address} " if finding.cell else ""
    return f"[{SEVERITY_WORDS[finding.severity].in_language(language)}] {place}{finding.message.in_language(language)}"
