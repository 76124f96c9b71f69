"""Lists as workbooks: every text can be read, on the screen and on paper."""

import io

import openpyxl
from openpyxl import Workbook

from importers.list_workbook import write_list_workbook


def written(*rows: list[str], width: int = 40) -> Workbook:
    file = io.BytesIO()
    write_list_workbook(
        file,
        title="清单",
        cover_name="说明",
        cover=lambda: [("筛选", "条" * 100)],
        list_name="清单",
        columns=[("单位", width), ("指标", width)],
        rows=rows,
    )
    return openpyxl.load_workbook(io.BytesIO(file.getvalue()))


def test_rows_are_as_high_as_their_texts() -> None:
    book = written(["短", "短"], ["短", "长" * 40], ["很" * 30_000, ""])
    heights = [book["清单"].row_dimensions[row].height for row in (2, 3, 4)]
    assert heights[0] is None
    assert heights[1] > 40
    assert heights[2] == 409
    assert book["说明"].row_dimensions[2].height > 40


def test_a_wide_list_is_printed_on_several_pages_side_by_side() -> None:
    assert written(width=60)["清单"].page_setup.fitToWidth == 1
    wide = written(width=160)["清单"]
    assert wide.page_setup.fitToWidth == 2
    assert (wide.print_title_rows, wide.print_title_cols) == ("$1:$1", "$A:$B")
