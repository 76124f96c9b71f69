"""What people do to a template in a real LibreOffice: each figure is read right, or a finding names what was lost.

The answers of each form are all different, so that a figure read for another indicator shows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from importers.pipeline import Examination, Outcome
from portal.domain.findings import Finding
from portal.domain.forms import Severity
from portal.domain.values import MISSING, Value
from tests.libreoffice import NEEDED, Job, can_edit, edit
from tests.workbooks import test_cross_tables as crossed
from tests.workbooks import test_lists as listed
from tests.workbooks.making import ANSWERS, examine_trial, in_process, saved, trial_template

pytestmark = pytest.mark.skipif(not can_edit(), reason=NEEDED)

ONE, TWO = "SY01 数量", "SY02 其他"
GRID, LIST = "JC1 申请", "ZG2 问题清单"
FIRST = {code for code in ANSWERS if code.startswith("SY01")}
SECOND = ANSWERS.keys() - FIRST
OPEN = ("unprotect",)


@dataclass(frozen=True)
class Case:
    """One thing that people do, and what comes of it.

    Attributes:
        lost: codes without a value afterwards.
        says: findings, each as its code and what it points at: the indicator, or else the cell, or what was expected.
        changed: values that are other than those of the template, since somebody typed them.
        refused: why the file is not read at all.
        rows: of a list, those that are read then, by number; None if nothing is said of the list.
    """

    name: str
    edits: tuple[tuple[object, ...], ...] = ()
    lost: Iterable[str] = ()
    says: Iterable[str] = ()
    changed: Mapping[str, Value] = field(default_factory=dict)
    refused: str = ""
    rows: tuple[int, ...] | None = (0, 1)
    ending: str = ".xlsx"
    password: str = ""


PLAIN = [
    *(Case(f"save as {ending[1:]}", ending=ending) for ending in (".xlsx", ".xls", ".ods")),
    *(Case(f"insert a row, {ending}", (OPEN, ("insert_row", ONE, 10)), ending=ending) for ending in (".xls", ".ods")),
    Case("insert a row", (OPEN, ("insert_row", ONE, 10))),
    Case("insert a column", (OPEN, ("insert_column", ONE, 4))),
    Case("insert rows above all", (OPEN, ("insert_row", ONE, 1), ("insert_column", ONE, 1))),
    Case("delete last year's column", (OPEN, ("delete_column", ONE, 4))),
    Case("delete the names", (OPEN, ("delete_column", ONE, 2))),
    Case("delete a row", (OPEN, ("delete_row", ONE, 10)), {"SY0103"}, {"row_missing SY0103"}),
    Case("delete the codes", (OPEN, ("delete_column", ONE, 1)), FIRST, {"code_column_missing A6"}),
    Case("delete the head", (OPEN, ("delete_row", ONE, 6)), FIRST, {"head_missing A7"}),
    Case("delete this year's column", (OPEN, ("delete_column", ONE, 5)), FIRST, {"head_missing A6"}),
    Case("sort by name", (OPEN, ("sort", ONE, "A8:F14", 1))),
    Case("sort by figure, .ods", (OPEN, ("sort", ONE, "A8:F14", 4)), ending=".ods"),
    Case(
        "sort names and figures without their codes",
        (OPEN, ("sort", ONE, "B8:F14", 0)),
        FIRST,
        {f"name_of_another {code}" for code in FIRST},
    ),
    Case(
        "move columns",
        (
            OPEN,
            ("cut_and_paste", ONE, "E6:E14", "H6"),
            ("cut_and_paste", ONE, "A6:A14", "K6"),
            ("cut_and_paste", ONE, "F6:F14", "A6"),
        ),
    ),
    Case("move a row", (OPEN, ("cut_and_paste", ONE, "A10:F10", "A25"))),
    Case(
        "cut a figure and paste it elsewhere",
        (OPEN, ("cut_and_paste", ONE, "E10", "E25")),
        {"SY0103"},
        {"required SY0103", "value_without_code E25"},
        {"SY0103": MISSING},
    ),
    Case("copy a row", (OPEN, ("copy_and_paste", ONE, "A10:F10", ONE, "A25")), says={"repeated_rows"}),
    Case(
        "copy a row and change it",
        (OPEN, ("copy_and_paste", ONE, "A10:F10", ONE, "A25"), ("type_in", ONE, {"E25": "8"})),
        {"SY0103"},
        {"duplicate_code SY0103"},
    ),
    Case("rename and move a sheet", (OPEN, ("rename", ONE, "我的表"), ("move_sheet", "我的表", 4))),
    Case("copy a sheet", (OPEN, ("copy_sheet", ONE, "副本")), says={"repeated_rows"}),
    Case(
        "copy a sheet and change it",
        (OPEN, ("copy_sheet", ONE, "副本"), ("type_in", "副本", {"E8": "41"})),
        {"SY0101"},
        {"duplicate_code SY0101", "repeated_rows"},
    ),
    Case("delete a sheet", (OPEN, ("delete_sheet", TWO)), SECOND, {"sheet_missing SY02"}),
    Case(
        "put one table below the other",
        (OPEN, ("copy_and_paste", TWO, "A6:F13", ONE, "A30"), ("delete_sheet", TWO)),
    ),
    Case("copy the sheets to another book", (("sheets_to_new_book", ONE, TWO),)),
    Case("copy one sheet to another book", (("sheets_to_new_book", TWO),), FIRST, {"sheet_missing SY01"}),
    Case("paste the values into another book", (("values_to_new_book", ONE, TWO),)),
    Case("save a sheet as CSV", (("sheets_to_new_book", ONE),), SECOND, {"sheet_missing SY02"}, ending=".csv"),
    Case(
        "hide rows, columns and sheets",
        (OPEN, ("hide_row", ONE, 8), ("hide_column", ONE, 5), ("hide_sheet", TWO)),
        says={"hidden_rows", "hidden_column", "hidden_sheet"},
    ),
    Case(
        "hide rows and columns, .xls",
        (OPEN, ("hide_row", ONE, 8), ("hide_column", ONE, 5)),
        says={"hidden_rows", "hidden_column"},
        ending=".xls",
    ),
    Case("filter", (OPEN, ("filter_rows", ONE, "A7:F14", 0, "SY0101")), says={"hidden_rows"}),
    Case("merge two figures", (OPEN, ("merge", ONE, "E8:E9")), says=("merged_cells E9",)),
    Case("merge two codes", (OPEN, ("merge", ONE, "A8:A9"))),
    Case("merge a row", (OPEN, ("merge", ONE, "A10:F10")), says=("merged_cells E10",), ending=".ods"),
    Case("paste numbers as text", (("paste_text", ONE, {"E8": " ４０", "E9": "12次", "E11": "7.50", "E14": "659家"}),)),
    Case(
        "paste numbers as text, .xls",
        (("paste_text", ONE, {"E8": "40.0", "E9": "１２", "E14": "六百五十九"}),),
        {"SY0107"},
        {"not_a_number SY0107"},
        ending=".xls",
    ),
    Case("type formulas", (("type_in", ONE, {"E8": "=20+20", "E9": "=E8-28", "E14": "=SUM(600;59)"}),)),
    Case(
        "type what is no number",
        (("type_in", ONE, {"E8": "=1/0", "E9": "十几", "E14": "=A_NAME_OF_NOTHING"}),),
        {"SY0101", "SY0102", "SY0107"},
        {"error_value SY0101", "not_a_number SY0102", "error_value SY0107"},
    ),
    Case(
        "change locked figures",
        (OPEN, ("type_in", ONE, {"D8": "99", "E12": "50"})),
        says={"last_year_changed SY0101", "calculated_overwritten SY0105"},
    ),
    Case(
        "change a code",
        (OPEN, ("type_in", ONE, {"A10": "SY0199"})),
        {"SY0103"},
        {"row_missing SY0103", "unknown_code E10"},
    ),
    Case(
        "exchange two codes",
        (OPEN, ("type_in", ONE, {"A10": "SY0107", "A14": "SY0103"})),
        {"SY0103", "SY0107"},
        {"name_of_another SY0103", "name_of_another SY0107"},
    ),
    Case("change names", (OPEN, ("type_in", ONE, {"B8": "检查", "B10": "罚没款"}))),
    Case("change the head", (OPEN, ("replace_all", ONE, "本年数", "今年")), FIRST, {"head_missing A6"}),
    Case("change the unit", (OPEN, ("replace_all", ONE, "441802", "441803")), refused="identity_conflict"),
    Case(
        "show numbers as dates",
        (OPEN, ("show_as", ONE, "E8:E8", "YYYY-MM-DD")),
        {"SY0101"},
        {"date_for_number SY0101"},
    ),
    Case("save with a password", password="secret", refused="encrypted", ending=".ods"),
    Case("print to PDF", refused="is_pdf", ending=".pdf"),
    Case("save as a web page", refused="html_table", ending=".html"),
    Case("save as flat XML", refused="flat_odf", ending=".fods"),
]

GRIDS = [
    Case("insert a row and a column", (OPEN, ("insert_row", GRID, 10), ("insert_column", GRID, 4))),
    Case("sort the rows", (OPEN, ("sort", GRID, "A9:F10", 1)), ending=".ods"),
    Case("move a column", (OPEN, ("cut_and_paste", GRID, "C6:C13", "H6"))),
    Case("hide a row", (OPEN, ("hide_row", GRID, 9)), says={"hidden_rows"}),
    Case("delete a row", (OPEN, ("delete_row", GRID, 9)), {"JC10101", "JC10102", "JC10103"}, {"line_missing JC10101"}),
    Case(
        "delete the codes of the columns",
        (OPEN, ("delete_row", GRID, 8)),
        crossed.ANSWERS.keys(),
        {"grid_codes_missing A6"},
    ),
    Case(
        "sort names and figures without their codes",
        (OPEN, ("sort", GRID, "B9:F10", 2), ("type_in", GRID, {"B9": "上年结转", "B10": "新收"})),
        {f"JC10{row}0{column}" for row in (1, 2) for column in (1, 2, 3)},
        {f"name_of_another JC10{row}0{column}" for row in (1, 2) for column in (1, 2, 3, 4)},
    ),
]

LISTS = [
    Case("insert a row and a column", (OPEN, ("insert_row", LIST, 9), ("insert_column", LIST, 3))),
    Case("insert a row without unprotecting", (("insert_row", LIST, 9),)),
    Case("sort the rows", (OPEN, ("sort", LIST, "A8:H9", 1, False)), rows=(1, 0)),
    Case("move a column", (OPEN, ("cut_and_paste", LIST, "B6:B12", "L6"))),
    Case("delete a row", (OPEN, ("delete_row", LIST, 8)), says={"rule_broken ZG101"}, rows=(1,), ending=".ods"),
    Case("hide rows", (OPEN, ("hide_row", LIST, 8))),
    Case("copy to another book", (("sheets_to_new_book", "ZG1 整改情况", LIST, "ZG3 计划清单"),)),
    Case("delete the codes", (OPEN, ("delete_row", LIST, 7)), says={"sheet_missing ZG2"}, rows=None),
]


def of_plain(content: bytes, name: str) -> Examination:
    return examine_trial(content, name)


def of_grid(content: bytes, _name: str) -> Examination:
    return crossed.examined(content)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What LibreOffice made of each case, by its number."""
    folder = tmp_path_factory.mktemp("edited")
    jobs = {}
    sources: dict[str, tuple[bytes, Iterable[Case]]] = {
        "plain": (trial_template(ANSWERS), PLAIN),
        "grid": (saved(crossed.filled()), GRIDS),
        "list": (listed.book(), LISTS),
    }
    for kind, (content, cases) in sources.items():
        source = folder / f"{kind}.xlsx"
        source.write_bytes(content)
        for number, case in enumerate(cases):
            jobs[f"{kind} {case.name}"] = Job(
                source, folder / f"{kind}{number}{case.ending}", case.edits, case.password
            )
    edit(jobs.values(), folder)
    return {name: job.target for name, job in jobs.items()}


@pytest.fixture(autouse=True)
def reader() -> Iterator[None]:
    with in_process():
        yield


def said(finding: Finding) -> str:
    """A finding, and what it points at."""
    place = finding.cell.address if finding.cell else finding.expected
    return f"{finding.code} {finding.indicator or place}".rstrip()


def judge(examination: Examination, case: Case, answers: Mapping[str, Value]) -> None:
    if case.refused:
        assert (examination.code, examination.values) == (case.refused, {})
        assert examination.advice.zh
        return
    lost = set(case.lost)
    assert examination.outcome is Outcome.CHECKED
    assert examination.values == {code: value for code, value in answers.items() if code not in lost} | case.changed
    assert {said(finding) for finding in examination.findings} == set(case.says)


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_a_table(case: Case, files: dict[str, Path]) -> None:
    file = files[f"plain {case.name}"]
    judge(of_plain(file.read_bytes(), file.name), case, ANSWERS)


@pytest.mark.parametrize("case", GRIDS, ids=lambda case: case.name)
def test_a_cross_table(case: Case, files: dict[str, Path]) -> None:
    file = files[f"grid {case.name}"]
    judge(of_grid(file.read_bytes(), file.name), case, crossed.ANSWERS)


@pytest.mark.parametrize("case", LISTS, ids=lambda case: case.name)
def test_a_list(case: Case, files: dict[str, Path]) -> None:
    examination = listed.examined(files[f"list {case.name}"].read_bytes())
    answer = examination.lists.get("problems")
    rows = None if answer is None else tuple(listed.ROWS.index(dict(item.cells)) for item in answer.items)
    assert rows == case.rows
    assert {said(finding) for finding in examination.findings if finding.severity is Severity.BLOCKING} == set(
        case.says
    )
    assert examination.values == listed.FIGURES
