"""What can be wrong with a consolidated workbook as a whole, in the words of who uploads it."""

from collections.abc import Sequence

from importers.recognise import NotRecognised
from importers.workbook import Comment, column_letters
from portal.domain.forms import Text

_DOWNLOAD = Text(
    "请在“批量”页下载汇总表，把数据复制过去再上传",
    "Download the table from the page of batches, copy the figures into it, and upload that",
)
_NAMED = 20  # codes listed in one sentence
_QUOTED = 5  # comments quoted in one sentence


def no_table() -> NotRecognised:
    """No sheet has a head with units and indicators."""
    message = Text(
        "没有找到“单位代码”一列和本报表的指标代码，这不是本报表的汇总表",
        "There is no column of unit codes with codes of this form: this is no table of it",
    )
    return NotRecognised("not_a_table", message, _DOWNLOAD)


def repeated_columns(codes: Sequence[str]) -> NotRecognised:
    """Two columns of the same indicator: nobody can tell which one counts."""
    message = Text(
        f"同一指标有不止一列：{_listed(codes)}",
        f"An indicator has more than one column: {_listed(codes)}",
    )
    return NotRecognised("repeated_column", message, Text("请只保留一列", "Keep one of them"))


def misnamed_column(sheet: str, column: int, code: str, name: str) -> NotRecognised:
    """Another indicator's name stands over a code: columns were moved without their codes."""
    message = Text(
        f"工作表“{sheet}”第 {column_letters(column)} 列的代码是 {code}，名称却是“{name}”",
        f'Column {column_letters(column)} of sheet "{sheet}" has the code {code} but the name "{name}"',
    )
    return NotRecognised("misnamed_column", message, _DOWNLOAD)


def too_many_units(most: int) -> NotRecognised:
    """More rows than any tree has units."""
    message = Text(f"单位超过 {most} 个", f"There are more than {most} units")
    return NotRecognised("too_many_units", message, Text("请分几个文件上传", "Upload it in parts"))


def row_without_code(sheet: str, row: int, name: str, count: int) -> Text:
    """Figures in a row that names no unit, such as a total."""
    return Text(
        f"工作表“{sheet}”第 {row} 行{f'（{name}）' if name else ''}没有单位代码，有 {count} 个数没有读取",
        f'Row {row} of sheet "{sheet}"{f" ({name})" if name else ""} names no unit; {count} figures were not read',
    )


def unknown_column(sheet: str, column: int, text: str) -> Text:
    """A column whose head is no code of the form."""
    letters = column_letters(column)
    return Text(
        f"工作表“{sheet}”第 {letters} 列“{text}”不是本报表的指标代码，没有读取",
        f'Column {letters} of sheet "{sheet}", "{text}", is no indicator of this form and was not read',
    )


def calculated_column(sheet: str, column: int, code: str) -> Text:
    """A column that nobody types."""
    letters = column_letters(column)
    return Text(
        f"工作表“{sheet}”第 {letters} 列 {code} 由系统计算或带出，没有读取",
        f'Column {letters} of sheet "{sheet}", {code}, is worked out by the portal and was not read',
    )


def stray_column(sheet: str, letters: str, count: int) -> Text:
    """Cells under no code at all."""
    return Text(
        f"工作表“{sheet}”第 {letters} 列没有指标代码，有 {count} 格没有读取",
        f'Column {letters} of sheet "{sheet}" has no code; {count} cells were not read',
    )


def sheet_not_read(sheet: str) -> Text:
    """A sheet without a head."""
    return Text(
        f"工作表“{sheet}”没有“单位代码”和指标代码，没有读取",
        f'Sheet "{sheet}" has no unit codes and indicator codes and was not read',
    )


def missing_columns(codes: Sequence[str]) -> Text:
    """Indicators that have no column; nothing is written for them."""
    return Text(
        f"文件中没有这 {len(codes)} 个指标的列，它们不写入：{_listed(codes)}",
        f"{len(codes)} indicators have no column and are not written: {_listed(codes)}",
    )


def hidden_sheet(sheet: str) -> Text:
    """A hidden sheet was read."""
    return Text(f"工作表“{sheet}”是隐藏的，也读取了", f'Sheet "{sheet}" is hidden, and was read')


def hidden_cells(sheet: str) -> Text:
    """Hidden rows or columns were read."""
    return Text(f"工作表“{sheet}”有隐藏的行或列，也读取了", f'Hidden rows or columns of sheet "{sheet}" were read too')


def comments_not_read(sheet: str, comments: Sequence[Comment]) -> Text:
    """Comments on cells, for which the draft has no place."""
    listed = "；".join(f"{each.address}“{each.text}”" for each in comments[:_QUOTED])
    listed += "…" if len(comments) > _QUOTED else ""
    count = len(comments)
    return Text(
        f"工作表“{sheet}”的 {count} 个批注没有读取，需要的请写到各单位的备注里：{listed}",
        f'Comments of sheet "{sheet}" were not read ({count}); enter them in the notes of the units: {listed}',
    )


def _listed(codes: Sequence[str]) -> str:
    return "、".join(codes[:_NAMED]) + ("…" if len(codes) > _NAMED else "")
