"""Recognise form, version, unit and period of a workbook: two marks must agree on each, and none may contradict.

Marks are the stamps in the file, the check mark of a stamp, and the codes in the code columns (for the form). What the
person who uploads has chosen stands in for a missing stamp, never for a different one. A file's name is no mark.
"""

from collections.abc import Callable
from dataclasses import dataclass

from importers.grid_entries import crossings_of
from importers.grids import Grid
from importers.identity import (
    CONSTANT_NAME,
    META_SHEET,
    PROPERTY_PREFIX,
    Expected,
    Identity,
    Stamp,
    check_mark,
    stamp_of_constant,
    stamp_of_line,
    stamp_of_pairs,
)
from importers.tables import Table, codes_of
from importers.workbook import ReadSheet, ReadWorkbook
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion, Severity, Text

FindForm = Callable[[str, int], FormVersion | None]

_FIELDS = ("form", "version", "unit", "period")
_NAMES = {
    "form": Text("报表", "form"),
    "version": Text("模板版本", "template version"),
    "unit": Text("单位", "unit"),
    "period": Text("报告期", "period"),
}
_DOWNLOAD = Text(
    "请在系统中下载本单位本期的模板，把数据复制到模板的“本年数”一列后再上传",
    "Download the template for this unit and period, copy the figures into its column “This year”, and upload that",
)
_CHOOSE = Text("请在上传时选择单位、报告期和报表", "Choose unit, period and form when uploading")
_LINES_WITHIN = 30  # an identity line stands above its table
_MARKS_NEEDED = 2


@dataclass(frozen=True)
class NotRecognised:
    """Why a readable workbook cannot be taken as anybody's answers; `code` is stable."""

    code: str
    message: Text
    advice: Text


@dataclass(frozen=True)
class Recognised:
    """Whose answers a workbook holds, and what is to be said about how that was told."""

    identity: Identity
    form: FormVersion
    findings: tuple[Finding, ...] = ()


def recognise(
    workbook: ReadWorkbook, tables: list[Table | Grid], find_form: FindForm, expected: Expected
) -> Recognised | NotRecognised:
    """Tell whose answers the workbook holds.

    Args:
        workbook: as read.
        tables: its report tables.
        find_form: gives a published form by code and version, None if there is no such.
        expected: what the person who uploads has chosen.
    """
    stamps = [stamp for stamp in _stamps(workbook) if stamp.says()]
    if not stamps and not codes_of(tables):
        return _not_a_template()
    claimed = {name: _claims(stamps, name) for name in _FIELDS}
    for name, claims in claimed.items():
        if len(claims) > 1:
            return _conflict(name, claims)
    chosen = {name: str(getattr(expected, name) or "") for name in _FIELDS}
    answers = {name: next(iter(claimed[name]), chosen[name]) for name in _FIELDS}
    lacking = [name for name in _FIELDS if not answers[name]]
    if lacking:
        return _unmarked(lacking)
    refusal = _unexpected(answers, chosen)
    if refusal:
        return refusal
    identity = Identity(answers["form"], _whole(answers["version"]), answers["unit"], answers["period"])
    form = find_form(identity.form, identity.version)
    if form is None:
        message = Text(
            f"没有编号为 {identity.form}、版本为 {answers['version']} 的报表",
            f"There is no form {identity.form} in version {answers['version']}",
        )
        return NotRecognised("unknown_form", message, _DOWNLOAD)
    supported = _support(stamps, identity, form, tables)
    if not stamps:
        return Recognised(identity, form, (_taken_by_choice(),)) if supported["form"] else _not_a_template()
    weak = [name for name in _FIELDS if supported[name] < _MARKS_NEEDED and not chosen[name]]
    return _unmarked(weak) if weak else Recognised(identity, form)


def _stamps(workbook: ReadWorkbook) -> list[Stamp]:
    stamps = [stamp for sheet in workbook.sheets if (stamp := _stamp_of_sheet(sheet))]
    properties = {
        name.removeprefix(PROPERTY_PREFIX): text
        for name, text in workbook.header.properties.items()
        if name.startswith(PROPERTY_PREFIX)
    }
    stamps.append(stamp_of_pairs("properties", properties))
    stamps.append(stamp_of_constant(workbook.header.constants.get(CONSTANT_NAME, "")))
    return stamps


def _stamp_of_sheet(sheet: ReadSheet) -> Stamp | None:
    if sheet.name == META_SHEET:
        first_two = {number: [cell.text for cell in cells[:2]] for number, cells in sheet.rows()}
        return stamp_of_pairs(META_SHEET, {pair[0]: pair[1] for pair in first_two.values() if len(pair) > 1})
    for number, cells in sheet.rows():
        if number > _LINES_WITHIN:
            break
        stamp = stamp_of_line(sheet.name, [cell.text for cell in cells])
        if stamp:
            return stamp
    return None


def _claims(stamps: list[Stamp], name: str) -> dict[str, list[str]]:
    """What the stamps say of a field, each with the places that say so."""
    claims: dict[str, list[str]] = {}
    for stamp in stamps:
        if said := getattr(stamp, name):
            claims.setdefault(said, []).append(stamp.place)
    return claims


def _support(stamps: list[Stamp], identity: Identity, form: FormVersion, tables: list[Table | Grid]) -> dict[str, int]:
    """How many marks of the file carry each field; a stamp with the right check mark counts twice."""
    mark = check_mark(form, identity)
    support = {name: sum(1 + (stamp.mark == mark) for stamp in stamps if getattr(stamp, name)) for name in _FIELDS}
    codes, known = codes_of(tables), form.by_code.keys() | crossings_of(form).rows.keys()
    if sum(code in known for code in codes) * 2 > len(codes):
        support["form"] += 1
        support["version"] += 1
    return support


def _unexpected(answers: dict[str, str], chosen: dict[str, str]) -> NotRecognised | None:
    """Refuse a workbook that is somebody else's, or of another time, than was chosen."""
    for name in _FIELDS:
        if chosen[name] and answers[name] != chosen[name]:
            is_, wanted = _shown(name, answers[name]), _shown(name, chosen[name])
            message = Text(
                f"这是{is_.zh}的模板，需要{wanted.zh}的", f"This is the template for {is_.en}; {wanted.en} is wanted"
            )
            return NotRecognised(f"wrong_{name}", message, _DOWNLOAD)
    return None


def _shown(name: str, answer: str) -> Text:
    if name == "period":
        return Text(f" {answer} 年" if answer.isdecimal() else f"报告期 {answer} ", answer)
    if name == "version":
        return Text(f"第 {answer} 版", f"version {answer}")
    return Text(f"{_NAMES[name].zh} {answer} ", f"{_NAMES[name].en} {answer}")


def _conflict(name: str, claims: dict[str, list[str]]) -> NotRecognised:
    zh = "，".join(f"{'、'.join(map(_place_zh, places))}写的是 {said}" for said, places in claims.items())
    en = "; ".join(f"{', '.join(places)}: {said}" for said, places in claims.items())
    message = Text(
        f"文件中的{_NAMES[name].zh}标识不一致：{zh}", f"The stamps of the file differ in {_NAMES[name].en}: {en}"
    )
    advice = Text(
        "不要改动表头的标识行，也不要把别的单位或年份的工作表拼在一起；" + _DOWNLOAD.zh,
        "Leave the identity lines alone and do not mix sheets of other units or years. " + _DOWNLOAD.en,
    )
    return NotRecognised("identity_conflict", message, advice)


def _place_zh(place: str) -> str:
    hidden = {META_SHEET: "隐藏表", "properties": "文档属性", "name": "定义的名称"}
    return hidden.get(place, f"工作表“{place}”")


def _not_a_template() -> NotRecognised:
    message = Text(
        "这不是本系统的报表模板：没有找到标识和本报表的指标代码",
        "This is no template of the portal: it has neither stamp nor codes of the form",
    )
    return NotRecognised("not_a_template", message, _DOWNLOAD)


def _unmarked(names: list[str]) -> NotRecognised:
    zh = "、".join(_NAMES[name].zh for name in names)
    en = ", ".join(_NAMES[name].en for name in names)
    message = Text(f"文件中缺少可靠的{zh}标识", f"The file has no reliable stamp of {en}")
    return NotRecognised("identity_missing", message, _CHOOSE)


def _taken_by_choice() -> Finding:
    message = Text(
        "文件中没有标识，按上传时选择的单位、报告期和报表检查",
        "The file has no stamp; it was checked as chosen when uploading",
    )
    return Finding("identity_by_choice", Severity.INFO, message)


def _whole(version: str) -> int:
    return int(version) if version.isdecimal() else 0
