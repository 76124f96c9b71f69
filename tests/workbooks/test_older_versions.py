"""A template of an earlier version of the form is carried over where that is exact, and never otherwise."""

from openpyxl import Workbook

from importers.identity import Context, Expected, UnitName
from importers.pipeline import Examination, Outcome, examine
from importers.template import template
from portal.domain.findings import Finding
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion, Severity
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import Value
from tests.workbooks.making import edited, only, table, typed

UNIT = UnitName("441802", "清城区民政局", Level.DISTRICT)
HEAD = """
code: BB
name: {zh: 版本试验, en: Versions}
period: year
levels: [district]
issuer: {zh: 甲, en: A}
approval: {zh: 乙, en: B}
"""
FIRST = f"""{HEAD}
number: 1
sheets:
- code: BB01
  name: {{zh: 一, en: One}}
  indicators:
  - {{code: BB0101, name: {{zh: 不变, en: Same}}, unit: 件, type: count, roll_up: sum, min: 0}}
  - {{code: BB0102, name: {{zh: 旧名, en: Old name}}, unit: 件, type: count, roll_up: sum}}
  - {{code: BB0103, name: {{zh: 合一, en: Merged one}}, unit: 件, type: count, roll_up: sum}}
  - {{code: BB0104, name: {{zh: 合二, en: Merged two}}, unit: 件, type: count, roll_up: sum}}
  - {{code: BB0105, name: {{zh: 将拆, en: To be split}}, unit: 件, type: count, roll_up: sum}}
  - {{code: BB0106, name: {{zh: 取消, en: Dropped}}, unit: 件, type: count, roll_up: sum}}
  - {{code: BB0107, name: {{zh: 金额, en: Amount}}, unit: 元, type: amount, roll_up: sum}}
"""
SECOND = f"""{HEAD}
number: 2
mapping:
- {{how: renamed, old: [BB0102], new: [BB0112]}}
- {{how: merged, old: [BB0103, BB0104], new: [BB0113]}}
- {{how: split, old: [BB0105], new: [BB0115, BB0116]}}
- {{how: dropped, old: [BB0106]}}
- {{how: new, new: [BB0118]}}
sheets:
- code: BB01
  name: {{zh: 一, en: One}}
  indicators:
  - {{code: BB0101, name: {{zh: 不变, en: Same}}, unit: 件, type: count, roll_up: sum, min: 0}}
  - {{code: BB0112, name: {{zh: 新名, en: New name}}, unit: 件, type: count, roll_up: sum}}
  - {{code: BB0113, name: {{zh: 合并, en: Merged}}, unit: 件, type: count, roll_up: sum}}
  - {{code: BB0115, name: {{zh: 拆一, en: Split one}}, unit: 件, type: count, roll_up: sum}}
  - {{code: BB0116, name: {{zh: 拆二, en: Split two}}, unit: 件, type: count, roll_up: sum}}
  - {{code: BB0107, name: {{zh: 金额, en: Amount}}, unit: 万元, type: amount, roll_up: sum}}
  - {{code: BB0118, name: {{zh: 新增, en: New}}, unit: 件, type: count, roll_up: sum}}
"""
OLD = {
    "BB0101": Value.of(1),
    "BB0102": Value.of(2, note="含旧案"),
    "BB0103": Value.of(3),
    "BB0104": Value.of(4),
    "BB0105": Value.of(5),
    "BB0106": Value.of(6),
    "BB0107": Value.of(70000),
}


def forms() -> dict[int, FormVersion]:
    return {1: read_form(FIRST), 2: read_form(SECOND)}


def examine_as(content: bytes, version: int, known: dict[int, FormVersion] | None = None) -> Examination:
    known = known or forms()
    return examine(
        content,
        find_form=lambda _code, number: known.get(number),
        find_context=lambda _: Context(UNIT, {"BB0101": Value.of(1)}),
        expected=Expected("BB", UNIT.code, "2023", version),
    )


def filled(number: int = 1) -> bytes:
    return template(forms()[number], UNIT, Period(2023), current=OLD if number == 1 else None)


def by_code(examination: Examination, code: str) -> dict[str, Finding]:
    return {finding.indicator: finding for finding in examination.findings if finding.code == code}


def test_what_is_the_same_renamed_merged_or_measured_otherwise_is_carried_over() -> None:
    examination = examine_as(filled(), 2)
    assert examination.outcome is Outcome.CHECKED
    assert examination.form is not None
    assert examination.form.number == 2
    assert examination.identity is not None
    assert examination.identity.version == 2
    assert examination.values == {
        "BB0101": Value.of(1),
        "BB0112": Value.of(2, note="含旧案"),
        "BB0113": Value.of(7),
        "BB0107": Value.of(7),
    }
    assert examination.places["BB0112"].address == "E9"


def test_what_moved_what_is_missing_and_what_was_left_is_said() -> None:
    examination = examine_as(filled(), 2)
    assert (only(examination, "older_version").found, only(examination, "older_version").expected) == ("1", "2")
    moved = by_code(examination, "carried_over")
    assert {code: finding.found for code, finding in moved.items()} == {
        "BB0112": "BB0102",
        "BB0113": "BB0103、BB0104",
        "BB0107": "BB0107",
    }
    assert "换算" in moved["BB0107"].message.zh
    assert all(code in only(examination, "not_in_older_version").message.zh for code in ("BB0115", "BB0116", "BB0118"))
    left = [finding for finding in examination.findings if finding.code == "left_behind"]
    assert [(f.found, f.cell.address if f.cell else "") for f in left] == [("5", "E12"), ("6", "E13")]
    assert set(by_code(examination, "required")) == {"BB0115", "BB0116", "BB0118"}


def test_mistakes_of_the_file_are_told_of_the_new_indicator_at_the_old_place() -> None:
    spoilt = edited(filled(), typed({"BB0102": "许多", "BB0104": None, "BB0106": "见附件"}))
    examination = examine_as(spoilt, 2)
    unread = by_code(examination, "not_a_number")
    assert [(code, finding.cell.address if finding.cell else "") for code, finding in unread.items()] == [
        ("BB0112", "E9")
    ]
    assert only(examination, "part_missing").indicator == "BB0113"
    assert examination.values.keys() == {"BB0101", "BB0107"}
    assert examination.unread == {"BB0112": "许多"}


def test_a_row_deleted_from_the_old_template_is_missed_unless_nobody_asks_for_it() -> None:
    def delete(book: Workbook) -> None:
        sheet = table(book, "BB01")
        sheet.delete_rows(13)
        sheet.delete_rows(8)

    examination = examine_as(edited(filled(), delete), 2)
    assert list(by_code(examination, "row_missing")) == ["BB0101"]
    assert "BB0101" not in examination.values


def test_a_template_of_the_same_version_says_nothing_of_versions() -> None:
    examination = examine_as(filled(), 1)
    assert examination.values == OLD
    assert not {"older_version", "carried_over"} & {finding.code for finding in examination.findings}


def test_a_later_version_and_versions_that_do_not_correspond_are_refused_in_plain_words() -> None:
    later = examine_as(filled(2), 1)
    assert (later.code, later.message.zh) == ("wrong_version", "这是第 2 版模板，需要第 1 版模板")
    old = ", ".join(forms()[1].codes)
    mapping, sheets = SECOND.index("mapping:"), SECOND.index("sheets:")
    dropped = f"mapping:\n- {{how: dropped, old: [{old}]}}\n"
    other = SECOND[:mapping] + dropped + SECOND[sheets:].replace("BB01", "BB09")
    unlike = examine_as(filled(), 2, {1: read_form(FIRST), 2: read_form(other)})
    assert unlike.code == "wrong_version"
    assert "不能对应" in unlike.message.zh
    unknown = examine_as(filled(), 2, {1: read_form(FIRST)})
    assert unknown.code == "wrong_version"


def test_severities_of_carrying_over_leave_the_decision_to_the_rules() -> None:
    findings = examine_as(filled(), 2).findings
    said = {f.code: f.severity for f in findings if f.code in {"older_version", "carried_over", "left_behind"}}
    assert set(said.values()) == {Severity.INFO}
