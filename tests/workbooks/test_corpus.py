"""The corpus of odd and hostile workbooks: every file gets what its manifest says."""

import csv
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import importers
from importers.cells import read_cells
from importers.sandbox import read_workbook
from portal.errors import WorkbookUnreadable

CORPUS = Path(importers.__file__).parents[2] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of odd workbooks is not beside the project")

REASONS_OF_SENTENCES = {
    "old BIFF / corrupt: clear error": {"corrupt_ole", "text_or_csv"},
    "too_many_cells / encrypted / dtd": {"too_many_cells", "encrypted", "dtd"},
}
OF_ANOTHER_FORM = "edit_delcolA.xlsx"  # refused later: its form is not one of the portal's


def manifest(*classes: str) -> list[Any]:
    if not CORPUS.is_dir():
        return []
    with (CORPUS / "manifest.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["expected_class"] in classes]
    return [pytest.param(row, id=row["file"]) for row in rows if row["file"] != OF_ANOTHER_FORM]


def cells_of(name: str) -> dict[str, dict[str, Any]]:
    """The cells of the first sheet, by address."""
    cells = list(read_cells((CORPUS / name).read_bytes()))
    return {cell["cell"]: cell for cell in cells if cell["sheet"] == cells[0]["sheet"]}


@pytest.mark.parametrize("row", manifest("must-be-refused"))
def test_refused_with_its_reason(row: dict[str, str]) -> None:
    with pytest.raises(WorkbookUnreadable) as refusal:
        list(read_cells((CORPUS / row["file"]).read_bytes()))
    assert refusal.value.reason in REASONS_OF_SENTENCES.get(row["expect"], {row["expect"]})


@pytest.mark.parametrize("row", manifest("reads-ok"))
def test_read_whole(row: dict[str, str]) -> None:
    cells = list(read_cells((CORPUS / row["file"]).read_bytes()))
    counted = re.match(r"cells=(\d+)", row["expect"])
    if counted:
        assert len(cells) == int(counted[1])


@pytest.mark.parametrize("row", manifest("values-expected"))
def test_read_at_all(row: dict[str, str]) -> None:
    assert list(read_cells((CORPUS / row["file"]).read_bytes()))


FILLED = ("template_openpyxl_filled_lo.xlsx", "template_xlsxwriter_filled_lo.xlsx")
FILLED += ("template_xlsxwriter_filled_lo.ods", "template_xlsxwriter_filled_lo.xls")


@pytest.mark.parametrize("name", FILLED)
def test_what_libreoffice_filled_in(name: str) -> None:
    cells = {address: cell["value"] for address, cell in cells_of(name).items()}
    assert [Decimal(cells[at]) for at in ("E5", "E6", "E7", "E10", "E11")] == [
        Decimal(number) for number in ("1250", "13.75", "0.9995", "1300.5", "-5")
    ]
    assert [cells[at] for at in ("E8", "E9", "E12", "E13", "E14")] == ["是", "2024-03-05", "约100", "１２３", "—"]


def test_single_cells_that_are_wrong_do_not_spoil_the_rest() -> None:
    assert [cell["kind"] for cell in cells_of("val_bad_number.xlsx").values()] == ["error", "number"]
    assert [cell["kind"] for cell in cells_of("val_nan_inf.xlsx").values()] == ["error", "error", "error", "number"]
    assert cells_of("val_bignum.xlsx")["A1"]["kind"] == "error"
    assert [cell["value"] for cell in cells_of("val_bad_date.xlsx").values()] == [None, None, None]
    dates = cells_of("iso_date_t_d.xlsx")
    assert (dates["A1"]["value"], dates["B1"]["kind"]) == ("2024-03-05", "error")
    assert cells_of("control_chars.xlsx")["A1"]["value"] == "甲乙"


KINDS = {"n": "number", "s": "text", "b": "boolean", "e": "error", "d": "date"}


def fidelity() -> list[Any]:
    if not CORPUS.is_dir():
        return []
    with (CORPUS / "fidelity_expected.csv").open(encoding="utf-8-sig", newline="") as lines:
        return [pytest.param(row, id=row["cell"]) for row in csv.DictReader(lines)]


@pytest.fixture(scope="module")
def cells() -> dict[str, dict[str, Any]]:
    return cells_of("fidelity.xlsx")


class TestFidelity:
    @pytest.mark.parametrize("row", fidelity())
    def test_kind_and_content(self, cells: dict[str, dict[str, Any]], row: dict[str, str]) -> None:
        if row["kind"] == "blank":
            assert row["cell"] not in cells
            return
        cell = cells[row["cell"]]
        computed = row["raw"] or row["kind"] == "s"
        assert cell["kind"] == (KINDS[row["kind"]] if computed else "formula_without_value")
        assert cell["raw"] == row["raw"].replace("\r\n", "\n")
        assert cell["formula"] is (row["formula"] == "True")

    @pytest.mark.parametrize(
        ("at", "value"),
        [
            ("D5", "2024-03-05"),
            ("D8", "2024-03-05"),
            ("D9", "2024-03-05"),
            ("D10", "2024-03-05T13:45:30"),
            ("D12", "36:00:00"),
            ("D13", "0.9995"),
            ("D39", "0.3"),
            ("D40", "5"),
            ("D50", None),
            ("D51", None),
        ],
    )
    def test_values(self, cells: dict[str, dict[str, Any]], at: str, value: str | None) -> None:
        assert cells[at]["value"] == value

    def test_the_other_date_system(self) -> None:
        assert cells_of("fidelity_1904.xlsx")["D5"]["value"] == "2024-03-05"

    def test_old_formats_read_alike(self, cells: dict[str, dict[str, Any]]) -> None:
        for name in ("xls_named_xlsx.xlsx", "wps_like.et"):
            old = cells_of(name)
            assert [old[at]["value"] for at in ("D5", "D8", "D13", "D17", "D34")] == [
                cells[at]["value"] for at in ("D5", "D8", "D13", "D17", "D34")
            ]


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods"])
def test_merged_cells_are_the_same_in_every_format(ending: str) -> None:
    workbook = read_workbook((CORPUS / f"template_xlsxwriter_filled_lo.{ending}").read_bytes())
    assert [tuple(area) for area in workbook.sheets[0].merged] == [(1, 1, 1, 7)]
    old, new = (read_workbook((CORPUS / name).read_bytes()) for name in ("wps_like.et", "fidelity.xlsx"))
    assert [sheet.merged for sheet in old.sheets] == [sheet.merged for sheet in new.sheets]


@pytest.mark.parametrize("name", ["csv_renamed.xlsx", "csv_renamed.xls"])
def test_a_renamed_csv_is_read_under_its_own_name_only(name: str) -> None:
    content = (CORPUS / name).read_bytes()
    with pytest.raises(WorkbookUnreadable, match="text_or_csv"):
        list(read_cells(content, name))
    assert [cell["raw"] for cell in read_cells(content, "a.csv")] == ["指标代码", "本年数", "A01", "12"]
