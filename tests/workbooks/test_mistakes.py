"""Every mistake a workbook can hold is found where it stands, once, and in words."""

import ast
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from importers import cell_findings, recognise, table_findings
from importers.examination_json import examination_json
from importers.examination_text import examination_text
from importers.pipeline import Examination, Outcome, examine
from portal.domain import breaches, comparisons, entry_checks
from portal.domain.forms import Severity
from portal.domain.surroundings import Spread, Surroundings
from portal.domain.values import MISSING, Value
from tests.workbooks import test_cross_tables as cross_tables
from tests.workbooks import test_edits as edits
from tests.workbooks.making import (
    ANSWERS,
    codes,
    edited,
    examine_trial,
    formatted,
    only,
    trial_template,
    typed,
)

MISTYPED: list[tuple[str, Callable[[Workbook], None], str, Severity]] = [
    ("not_a_number", typed({"SY0101": "三十"}), "SY0101", Severity.BLOCKING),
    ("not_a_number", typed({"SY0101": "12①"}), "SY0101", Severity.BLOCKING),
    ("not_a_number", typed({"SY0101": "12²"}), "SY0101", Severity.BLOCKING),
    ("not_whole", typed({"SY0101": 1.5}), "SY0101", Severity.BLOCKING),
    ("below_minimum", typed({"SY0101": -3, "SY0102": -4}), "SY0101", Severity.BLOCKING),
    ("above_maximum", typed({"SY0106": 100.5}), "SY0106", Severity.BLOCKING),
    ("magnitude_slip", typed({"SY0103": 37_000}), "SY0103", Severity.EXPLAIN),
    ("implausibly_large", typed({"SY0101": 90_000}), "SY0101", Severity.EXPLAIN),
    ("unit_mismatch", typed({"SY0101": "28元"}), "SY0101", Severity.BLOCKING),
    ("converted", typed({"SY0103": "37000元"}), "SY0103", Severity.INFO),
    ("date_for_number", typed({"SY0101": date(2023, 3, 5)}), "SY0101", Severity.BLOCKING),
    ("no_cached_value", typed({"SY0101": "=1+1"}), "SY0101", Severity.BLOCKING),
    ("error_value", typed({"SY0101": "#REF!"}), "SY0101", Severity.BLOCKING),
    ("almost_zero", typed({"SY0103": 2.77555756156289e-17}), "SY0103", Severity.BLOCKING),
    ("below_one_percent", typed({"SY0106": 0.956}), "SY0106", Severity.INFO),
    ("too_many_digits", typed({"SY0101": 340124199001011234}), "SY0101", Severity.BLOCKING),
    ("scaled_format", formatted("SY0103", 12345678.9, '0!.0,"万元"'), "SY0103", Severity.BLOCKING),
    ("placeholder", typed({"SY0101": "—"}), "SY0101", Severity.BLOCKING),
    ("required", typed({"SY0101": None}), "SY0101", Severity.BLOCKING),
    ("not_a_choice", typed({"SY0202": "优"}), "SY0202", Severity.BLOCKING),
    ("read_as", typed({"SY0201": "√"}), "SY0201", Severity.INFO),
    ("not_a_date", typed({"SY0204": "去年"}), "SY0204", Severity.BLOCKING),
    ("not_for_level", typed({"SY0205": 2}), "SY0205", Severity.BLOCKING),
    ("rule_broken", typed({"SY0102": 41}), "SY0102", Severity.BLOCKING),
]


@pytest.mark.parametrize(("code", "change", "indicator", "severity"), MISTYPED, ids=[row[0] for row in MISTYPED])
def test_found_where_it_stands(
    code: str, change: Callable[[Workbook], None], indicator: str, severity: Severity
) -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), change))
    finding = next(f for f in examination.findings if f.code == code)
    assert (finding.indicator, finding.severity) == (indicator, severity)
    assert finding.cell == examination.places[indicator]
    assert all((finding.message.zh, finding.message.en))
    assert severity is Severity.INFO or all((finding.advice.zh, finding.advice.en))


def test_a_cell_that_cannot_be_read_causes_nothing_else() -> None:
    """Neither "not filled in", nor a broken rule that would have needed it; the rule is named as not checked."""
    examination = examine_trial(edited(trial_template(ANSWERS), typed({"SY0101": "见附件"})))
    assert codes(examination) == ["not_a_number"]
    assert "SY0101" not in examination.values
    assert any("SY0102-B1" in text.zh for text in examination.not_checked)


def test_a_placeholder_weighs_as_the_missing_answer_it_is() -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), typed({"SY0101": "—", "SY0106": "—"})))
    assert {f.indicator: f.severity for f in examination.findings} == {
        "SY0101": Severity.BLOCKING,
        "SY0106": Severity.INFO,  # nobody has to fill it in
    }
    assert examination.values["SY0101"] == MISSING


def test_all_mistakes_are_told_at_once_in_form_order() -> None:
    mistakes = {"SY0202": "优", "SY0101": "三十", "SY0103": "见附件", "SY0107": -1}
    examination = examine_trial(edited(trial_template(ANSWERS), typed(mistakes)))
    assert [f.indicator for f in examination.findings if f.severity is Severity.BLOCKING] == [
        "SY0101",
        "SY0103",
        "SY0107",
        "SY0202",
    ]


def test_consent_needs_correction_and_an_explanation_does_not() -> None:
    consent = examine_trial(edited(trial_template(ANSWERS), typed({"SY0107": 3})))
    assert (codes(consent), consent.needs_correction) == (["rule_broken"], True)
    explain = examine_trial(edited(trial_template(ANSWERS), typed({"SY0101": 5_001})))
    assert explain.count(Severity.EXPLAIN) > 0
    assert not explain.needs_correction


def test_as_json() -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), typed({"SY0102": 41})))
    body = examination_json(examination)
    assert (body["outcome"], body["code"], body["unit"], body["period"]) == ("checked", "", "441802", "2023")
    assert body["counts"]["blocking"] == 1
    assert body["findings"][0] | {"message": "", "advice": ""} == {
        "code": "rule_broken",
        "rule": "SY0102-B1",
        "severity": "blocking",
        "sheet": "SY01 数量",
        "cell": "E9",
        "indicator": "SY0102",
        "list": None,
        "row": None,
        "column": None,
        "name": "其中:对养老机构",
        "found": "41",
        "expected": "≤40",
        "difference": "1",
        "message": "",
        "advice": "",
        "last_year": "",
        "cause": None,
        "clears": 1,
    }


def test_as_text() -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), typed({"SY0101": "见附件"})))
    lines = examination_text(examination).splitlines()
    assert lines[:2] == [
        "必须改正 1",
        "[必须改正] SY01 数量!E8 检查次数 应填数字，表中是“见附件”（改好可消除 2 处问题）",
    ]
    assert "没有核对的内容：" in lines
    assert examination_text(examine_trial(trial_template(ANSWERS))) == "没有发现问题"


def test_a_file_that_is_no_workbook_is_an_outcome_not_an_error() -> None:
    examination = examine(b"%PDF-", find_form=lambda *_: None, find_context=lambda _: None)
    assert (examination.outcome, examination.code) == (Outcome.UNREADABLE, "is_pdf")
    assert examination_text(examination).splitlines()[0] == "这是 PDF 文件 [is_pdf]"


def in_source(module: object) -> set[str]:
    """Codes of findings a module can make: the texts given to what builds them."""
    found = set()
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
            "Finding",
            "_unread",
            "_said",
            "_unfit",
            "_beyond",
        }:
            arguments = [*node.args[:2], *(k.value for k in node.keywords if k.arg == "code")]
            texts = [a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            found.update(texts[:1])
    return found


def test_every_kind_of_finding_is_raised_by_some_workbook() -> None:
    blank, filled = trial_template(), trial_template(ANSWERS)

    def spoil(book: Workbook) -> None:
        first, second = edits.table(book, "SY01"), edits.table(book, "SY02")
        first["A30"], first["E30"], first["E31"] = "XX99", 5, 6
        first.delete_rows(edits.row_of(first, "SY0104"))
        copy = book.copy_worksheet(first)
        copy[f"E{edits.row_of(copy, 'SY0101')}"] = 99
        first["D8"], second["E13"] = 7, 7
        first.row_dimensions[8].hidden = first.column_dimensions["E"].hidden = True
        second.sheet_state = "hidden"
        first.merge_cells("D9:E9")
        first[f"E{edits.row_of(first, 'SY0107')}"].comment = Comment("含街道", "张三")

    def two_columns(book: Workbook) -> None:
        edits.table(book, "SY01")["G6"] = "本年数"

    def another_head(book: Workbook) -> None:
        edits.table(book, "SY01")["E6"] = "今年"

    def from_elsewhere(book: Workbook) -> None:
        edits.table(book, "SY01")["E8"] = "=1"

    unstamped = Workbook()
    unstamped.active.append(["指标代码", "本年数"])
    unstamped.active.append(["SY0101", 5])
    examinations: list[Examination] = [
        *(examine_trial(edited(filled, change)) for _code, change, *_rest in MISTYPED),
        examine_trial(edited(filled, spoil)),
        examine_trial(edited(filled, two_columns)),
        examine_trial(edited(filled, another_head)),
        examine_trial(edited(filled, lambda book: edits.table(book, "SY01").delete_cols(1))),
        examine_trial(edited(filled, typed({"SY0101": "罚没金额"}, column="B"))),
        examine_trial(edits.copied_to_a_new_book(blank, "SY01")),
        examine_trial(edits.saved(unstamped), expected=edits.CHOSEN),
        examine_trial(filled, last_year={"SY0101": Value.of(1)}),
        examine_trial(filled, last_year=ANSWERS),
        examine_trial(filled, around=Surroundings(peers={"SY0104": Spread(9, Decimal(2), Decimal(1))})),
        examine_trial(with_external_formula(filled)),
        cross_tables.after(lambda sheet: sheet.delete_rows(cross_tables.FIRST)),
        cross_tables.after(lambda sheet: sheet.cell(cross_tables.FIRST, 9, 5)),
        cross_tables.after(lambda sheet: sheet.delete_rows(cross_tables.HEAD + 2)),
    ]
    raised = {finding.code for examination in examinations for finding in examination.findings}
    possible = set().union(
        *map(in_source, (cell_findings, table_findings, recognise, entry_checks, comparisons, breaches))
    )
    # Figures of calculated rows are not taken from a workbook at all, and the text of the report stands in none.
    assert possible - raised == {"not_typed", "text_unwritten"}


def with_external_formula(content: bytes) -> bytes:
    """The template with a computed formula that reads another workbook, as Excel stores one."""
    source = zipfile.ZipFile(io.BytesIO(content))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name.endswith("sheet2.xml"):
                part = re.sub(rb'(<c r="E8"[^>]*?)( t="n")?><v>40</v>', rb"\1><f>[1]Sheet1!A1</f><v>40</v>", part)
            target.writestr(name, part)
    return out.getvalue()


def test_a_figure_from_another_workbook_is_taken_and_said() -> None:
    examination = examine_trial(with_external_formula(trial_template(ANSWERS)))
    assert only(examination, "external_formula").indicator == "SY0101"
    assert examination.values == ANSWERS
