"""How many findings one correction settles: what only echoes a mistake is not listed, but it is counted."""

import io

import openpyxl

from importers.annotated import annotated
from importers.examination_json import examination_json
from importers.examination_text import examination_text
from importers.pipeline import Examination
from tests.workbooks.making import ANSWERS, edited, examine_trial, only, table, trial_form, trial_template, typed


def examined(*changes) -> Examination:
    return examine_trial(edited(trial_template(ANSWERS), *changes))


def test_an_unread_cell_counts_the_missing_answer() -> None:
    finding = only(examined(typed({"SY0101": "三十"})), "not_a_number")
    assert (finding.echoes, finding.clears) == (1, 2)
    assert only(examined(typed({"SY0101": None})), "required").clears == 1


def test_a_wrong_figure_counts_the_rules_that_it_breaks() -> None:
    examination = examined(typed({"SY0102": -1}))
    assert {each.cause or each.indicator for each in examination.findings} == {"SY0102"}
    assert [each.clears for each in examination.findings] == [len(examination.findings)] * len(examination.findings)


def test_a_lost_sheet_counts_every_answer_that_was_on_it() -> None:
    examination = examined(lambda book: book.remove(table(book, "SY02")))
    asked = {each.code for each in trial_form().sheets[1].indicators if each.typed and each.core}
    assert only(examination, "sheet_missing").clears == 1 + len(asked - {"SY0205"})  # cities and provinces fill it


def test_the_count_stands_wherever_findings_do() -> None:
    examination = examined(typed({"SY0101": "三十"}))
    sheet = openpyxl.load_workbook(io.BytesIO(annotated(examination))).worksheets[0]
    assert (sheet["I4"].value, sheet["I5"].value) == ("改好可消除", "2 处")
    assert "（改好可消除 2 处问题）" in examination_text(examination)
    assert [each["clears"] for each in examination_json(examination)["findings"]] == [2]
