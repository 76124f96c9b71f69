"""Recognise form, version, unit and period of a workbook: two marks must agree on each, and none may contradict.

Marks are the stamps in the file, the check mark of a stamp, and the codes in the code columns (for the form). What the
person who uploads has chosen stands in for a missing stamp, never for a different one. A file's name is no mark.
"""

from dataclasses import dataclass, replace
from typing import Self

from importers.carry_over import FindForm, comparable, way_between
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
from importers.wrong_file import FIELD_NAMES, FindUnit, whole, wrong_file
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion, Severity, Text

_FIELDS = tuple(FIELD_NAMES)
_DOWNLOAD = Text(
    "请在系统中下载本单位本期的模板，把数据复制到模板的“本年数”一列后再上传",
    "Download the template for this unit and period, copy the figures into its column “This year”, and upload that",
)
_CHOOSE = Text("请在上传时选择单位、报告期和报表", "Choose unit, period and form when uploading")
_LINES_WITHIN = 30  # an identity line stands above its table
_MARKS_NEEDED = 2
NOT_A_TEMPLATE = "not_a_template"
"""Why a workbook is not recognised that has neither stamp nor codes."""


@dataclass(frozen=True)
class NotRecognised:
    """Why a readable workbook cannot be taken as anybody's answers; `code` is stable."""

    code: str
    message: Text
    advice: Text


@dataclass(frozen=True)
class Recognised:
    """Whose answers a workbook holds, and what is to be said about how that was told.

    Attributes:
        way: from the version of the form that is to be filled in back to the one the workbook was made for; one version
            only, if that is the same.
    """

    identity: Identity
    way: tuple[FormVersion, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def form(self) -> FormVersion:
        """The version that is to be filled in."""
        return self.way[0]

    @property
    def form_of_file(self) -> FormVersion:
        """The version that the workbook was made for."""
        return self.way[-1]

    def as_answered(self, form: FormVersion) -> Self:
        """The same with the form as the unit answers it, with what was added to it."""
        return replace(self, way=(form, *self.way[1:]))


def recognise(
    workbook: ReadWorkbook, tables: list[Table | Grid], find_form: FindForm, find_unit: FindUnit, expected: Expected
) -> Recognised | NotRecognised:
    """Tell whose answers the workbook holds.

    Args:
        workbook: as read.
        tables: its report tables.
        find_form: gives a published form by code and version, None if there is no such.
        find_unit: names the unit of an identity, to say what a wrong file is.
        expected: what the person who uploads has chosen.
    """
    stamps = [stamp for stamp in _stamps(workbook) if stamp.says()]
    codes = codes_of(workbook, tables)
    if not stamps and not codes:
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
    older = 0 < whole(answers["version"]) < expected.version
    if mistaken := wrong_file(answers, chosen | {"version": ""} if older else chosen, find_unit):
        return NotRecognised(*mistaken, _DOWNLOAD)
    stamped = Identity(answers["form"], whole(answers["version"]), answers["unit"], answers["period"])
    form = find_form(stamped.form, stamped.version)
    if form is None:
        message = Text(
            f"没有编号为 {stamped.form}、版本为 {answers['version']} 的报表",
            f"There is no form {stamped.form} in version {answers['version']}",
        )
        return NotRecognised("unknown_form", message, _DOWNLOAD)
    wanted = expected.version or stamped.version
    way = way_between(find_form, wanted, form)
    if not comparable(way, wanted):
        return _too_old(stamped.version, wanted)
    identity = replace(stamped, version=way[0].number)
    supported = _support(stamps, stamped, form, codes)
    if not stamps:
        return Recognised(identity, way, (_taken_by_choice(),)) if supported["form"] else _not_a_template()
    weak = [name for name in _FIELDS if supported[name] < _MARKS_NEEDED and not chosen[name]]
    return _unmarked(weak) if weak else Recognised(identity, way)


def contradiction(workbook: ReadWorkbook, expected: Expected) -> NotRecognised | None:
    """What in the stamps of a workbook speaks against what the person who uploads has chosen, if anything does."""
    stamps = [stamp for stamp in _stamps(workbook) if stamp.says()]
    chosen = {name: str(getattr(expected, name) or "") for name in _FIELDS}
    claimed = {name: _claims(stamps, name) for name in _FIELDS}
    for name, claims in claimed.items():
        if len(claims) > 1:
            return _conflict(name, claims)
    answers = {name: next(iter(claimed[name]), chosen[name]) for name in _FIELDS}
    mistaken = wrong_file(answers, chosen, lambda _identity: None)
    return NotRecognised(*mistaken, _DOWNLOAD) if mistaken else None


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


def _support(stamps: list[Stamp], identity: Identity, form: FormVersion, codes: list[str]) -> dict[str, int]:
    """How many marks of the file carry each field; a stamp with the right check mark counts twice."""
    mark = check_mark(form, identity)
    support = {name: sum(1 + (stamp.mark == mark) for stamp in stamps if getattr(stamp, name)) for name in _FIELDS}
    known = form.by_code.keys() | crossings_of(form).rows.keys()
    if sum(code in known for code in codes) * 2 > len(codes):
        support["form"] += 1
        support["version"] += 1
    return support


def _too_old(old: int, wanted: int) -> NotRecognised:
    message = Text(
        f"这是第 {old} 版的模板，本期用第 {wanted} 版；两版的指标不能对应，没有读取",
        f"This is the template of version {old}, version {wanted} is wanted; their indicators do not correspond",
    )
    return NotRecognised("wrong_version", message, _DOWNLOAD)


def _conflict(name: str, claims: dict[str, list[str]]) -> NotRecognised:
    zh = "，".join(f"{'、'.join(map(_place_zh, places))}写的是 {said}" for said, places in claims.items())
    en = "; ".join(f"{', '.join(places)}: {said}" for said, places in claims.items())
    message = Text(
        f"文件中的{FIELD_NAMES[name].zh}标识不一致：{zh}",
        f"The stamps of the file differ in {FIELD_NAMES[name].en}: {en}",
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
    return NotRecognised(NOT_A_TEMPLATE, message, _DOWNLOAD)


def _unmarked(names: list[str]) -> NotRecognised:
    zh = "、".join(FIELD_NAMES[name].zh for name in names)
    en = ", ".join(FIELD_NAMES[name].en for name in names)
    message = Text(f"文件中缺少可靠的{zh}标识", f"The file has no reliable stamp of {en}")
    return NotRecognised("identity_missing", message, _CHOOSE)


def _taken_by_choice() -> Finding:
    message = Text(
        "文件中没有标识，按上传时选择的单位、报告期和报表检查",
        "The file has no stamp; it was checked as chosen when uploading",
    )
    return Finding("identity_by_choice", Severity.INFO, message)
