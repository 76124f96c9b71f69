"""What can be wrong with the rows, columns and sheets of a workbook, in the submitter's words."""

from collections.abc import Iterable

from importers.tables import Table
from importers.workbook import column_letters
from portal.domain.cross_tables import Leaf
from portal.domain.findings import Cell, Finding
from portal.domain.forms import Indicator, Severity, Sheet, Text
from portal.domain.wording import label

_RESTORE = Text(
    "请重新下载模板，把数据复制过去；可以增加行列、排序、改工作表名，但不要删除“指标代码”、“行代码”和“栏代码”",
    "Download the template again and copy the figures into it; all may be moved and renamed but the codes",
)
_NOT_LOST = Text("如有需要，请把它填到有指标代码的行", "If it is needed, enter it in a row with an indicator code")

NOTICES = {
    "embedded_object": Text("文件中嵌入的对象和控件没有读取", "Embedded objects and controls were not read"),
    "macro": Text("文件里的宏没有读取，也不会运行", "The file's macros were neither read nor run"),
    "chart_sheet": Text("图表、宏表等非数据工作表没有读取", "Sheets without cells, such as charts, were not read"),
    "external_link": Text("文件引用了其他工作簿，只读取了保存时的结果", "Links to other workbooks were not followed"),
}


def code_column_missing(table: Table, sheet: Sheet | None) -> Finding:
    """The code column was deleted, so no row of the table can be told."""
    place = Cell(table.sheet.name, f"A{table.header_row}")
    which = Text(f"（{sheet.code} {sheet.name.zh}）", f" ({sheet.code})") if sheet else Text("")
    message = Text(
        f"工作表“{table.sheet.name}”{which.zh}没有“指标代码”列，整张表没有读取",
        f'Sheet "{table.sheet.name}"{which.en} has no column of indicator codes and was not read',
    )
    return Finding("code_column_missing", Severity.BLOCKING, message, advice=_RESTORE, cell=place)


def repeated_column(table: Table, sheet: Sheet | None) -> Finding:
    """Two columns bear the same head, so that nobody can tell which one counts."""
    place = Cell(table.sheet.name, f"A{table.header_row}")
    which = Text(f"（{sheet.code} {sheet.name.zh}）", f" ({sheet.code})") if sheet else Text("")
    message = Text(
        f"工作表“{table.sheet.name}”{which.zh}有不止一列“指标代码”或“本年数”，整张表没有读取",
        f'Sheet "{table.sheet.name}"{which.en} has more than one column of codes or of this year and was not read',
    )
    advice = Text("请只保留一列，多余的列改用别的列名", "Keep one of them and rename the others")
    return Finding("repeated_column", Severity.BLOCKING, message, advice=advice, cell=place)


def head_missing(place: Cell, row: int, heads: list[str], missing: list[str]) -> Finding:
    """The head of a table lacks a word without which its figures cannot be told, most likely because it was changed."""
    wanted, found = "、".join(f"“{word}”" for word in missing), "、".join(heads)
    message = Text(
        f"工作表“{place.sheet}”第 {row} 行应有表头，写的是“{found}”，其中没有{wanted}，整张表没有读取",
        f'Row {row} of sheet "{place.sheet}", "{found}", is no head with {wanted} in it; the sheet was not read',
    )
    advice = Text(
        f"请把表头改回{wanted}：代码那一列写“指标代码”，填报数那一列写“{missing[-1]}”",
        f"Put {wanted} back over the columns of codes and of figures",
    )
    return Finding(
        "head_missing", Severity.BLOCKING, message, found=found, expected="、".join(missing), advice=advice, cell=place
    )


def sheet_missing(sheet: Sheet) -> Finding:
    """A whole sheet of the form is not in the workbook."""
    message = Text(
        f"缺少表 {sheet.code} {sheet.name.zh}", f"Table {sheet.code} {sheet.name.in_language('en')} is missing"
    )
    return Finding("sheet_missing", Severity.BLOCKING, message, expected=sheet.code, advice=_RESTORE)


def row_missing(indicator: Indicator) -> Finding:
    """An indicator's row is gone, or its code was changed."""
    name = label(indicator)
    message = Text(
        f"{name.zh} 的行不在文件中（指标代码 {indicator.code} 被删除或改动）",
        f"{name.en}: its row is not in the file (code {indicator.code} was deleted or changed)",
    )
    return Finding(
        "row_missing", Severity.BLOCKING, message, indicator=indicator.code, expected=indicator.code, advice=_RESTORE
    )


def duplicate_code(indicator: Indicator, places: list[Cell], contents: list[str]) -> Finding:
    """An indicator stands in several rows with different answers."""
    name, found = label(indicator), "；".join(contents)
    where = "、".join(f"{place.sheet}!{place.address}" for place in places)
    message = Text(
        f"{name.zh} 填了不止一次，内容不同：{where}", f"{name.en}: filled in more than once, differently: {where}"
    )
    advice = Text("请只保留一行", "Keep one row only")
    return Finding(
        "duplicate_code",
        Severity.BLOCKING,
        message,
        indicator=indicator.code,
        found=found,
        advice=advice,
        cell=places[-1],
    )


def name_of_another(indicator: Indicator, place: Cell, found: str) -> Finding:
    """Code and name of a row belong to different indicators, so that nobody can tell which one the figure is of."""
    name = label(indicator)
    message = Text(
        f"这一行的指标代码 {indicator.code} 是“{name.zh}”，名称却是“{found}”，没有读取",
        f'The code {indicator.code} of this row is "{name.en}", its name is "{found}"; it was not read',
    )
    advice = Text(
        "请核对这一行的数是哪个指标的，并把代码和名称改回一致；排序时要连同“指标代码”列一起选中",
        "Check which indicator the figure is of and make code and name agree; sort whole rows, codes included",
    )
    return Finding(
        "name_of_another",
        Severity.BLOCKING,
        message,
        indicator=indicator.code,
        found=found,
        expected=indicator.name.zh,
        advice=advice,
        cell=place,
    )


def repeated_rows(sheet: str, count: int) -> Finding:
    """Rows that repeat others word for word, as when a sheet was copied."""
    message = Text(
        f"工作表“{sheet}”有 {count} 行重复了别处的指标，内容相同或空白，只读取一次",
        f'Sheet "{sheet}" repeats {count} indicators with the same content or none; they were read once',
    )
    return Finding("repeated_rows", Severity.INFO, message)


def unknown_code(place: Cell, code: str, found: str) -> Finding:
    """A row with a code that the form does not have."""
    message = Text(f"指标代码 {code} 不属于本报表，没有读取", f"Code {code} is not of this form and was not read")
    return Finding("unknown_code", Severity.INFO, message, found=found, advice=_NOT_LOST, cell=place)


def value_without_code(place: Cell, found: str) -> Finding:
    """A number in a row without a code."""
    message = Text(
        f"这一行没有指标代码，其中的 {found} 没有读取", f"This row has no indicator code; {found} was not read"
    )
    return Finding("value_without_code", Severity.INFO, message, found=found, advice=_NOT_LOST, cell=place)


def merged_cells(place: Cell, merged: str) -> Finding:
    """A cell to fill in that is part of a larger one; only the first cell of that can hold anything."""
    message = Text(
        f"工作表“{place.sheet}”的 {merged} 合并成了一格，内容只算在第一格，{place.address} 按空格读取",
        f'{merged} of sheet "{place.sheet}" are merged; what they hold stands in the first, {place.address} is blank',
    )
    advice = Text("请取消合并，每格分别填写", "Unmerge them and fill in each")
    return Finding("merged_cells", Severity.INFO, message, found=merged, advice=advice, cell=place)


def value_outside(place: Cell, found: str) -> Finding:
    """A number beside a cross table, or in a cell of it that the form does not have."""
    message = Text(
        f"这一格不在报表中（行或列没有代码，或者此处不填），其中的 {found} 没有读取",
        f"This cell is not of the form (its row or column has no code, or nothing goes here); {found} was not read",
    )
    advice = Text(
        "如有需要，请把它填到有行代码、栏代码的格", "If it is needed, enter it where row and column have codes"
    )
    return Finding("value_outside", Severity.INFO, message, found=found, advice=advice, cell=place)


def grid_codes_missing(place: Cell) -> Finding:
    """The codes of a cross table's rows or columns were deleted or doubled, so that no cell can be told."""
    message = Text(
        f"工作表“{place.sheet}”的“栏代码”行被删除，或“行代码”列不止一列，整张表没有读取",
        f'Sheet "{place.sheet}" lost its column codes or has two columns of row codes, and was not read',
    )
    return Finding("grid_codes_missing", Severity.BLOCKING, message, advice=_RESTORE, cell=place)


def line_missing(sheet: Sheet, leaf: Leaf, first: str) -> Finding:
    """A row or column of a cross table is gone, or its code was changed; `first` is the code of its first cell."""
    message = Text(
        f"表 {sheet.code} 的“{leaf.line.name.zh}”不在文件中（代码 {leaf.code} 被删除或改动）",
        f'"{leaf.line.name.in_language("en")}" of table {sheet.code} is not in the file (code {leaf.code} was deleted)',
    )
    return Finding("line_missing", Severity.BLOCKING, message, indicator=first, expected=leaf.code, advice=_RESTORE)


def hidden_rows(sheet: str, rows: Iterable[int]) -> Finding:
    """Hidden rows were read like all others."""
    listed = "、".join(map(str, sorted(rows)))
    message = Text(
        f"工作表“{sheet}”隐藏的第 {listed} 行也读取了", f'Hidden rows {listed} of sheet "{sheet}" were read too'
    )
    return Finding("hidden_rows", Severity.INFO, message)


def hidden_column(sheet: str, column: int) -> Finding:
    """A column of this year's figures is hidden, and was read."""
    letters = column_letters(column)
    message = Text(
        f"工作表“{sheet}”的填报列（{letters}）被隐藏，仍读取了",
        f'Column {letters} of sheet "{sheet}" is hidden and was read all the same',
    )
    return Finding("hidden_column", Severity.INFO, message)


def hidden_sheet(sheet: str) -> Finding:
    """A hidden sheet holds a table, and was read."""
    message = Text(f"隐藏的工作表“{sheet}”也读取了", f'The hidden sheet "{sheet}" was read too')
    return Finding("hidden_sheet", Severity.INFO, message)


def last_year_changed(indicator: Indicator, found: str, expected: str) -> Finding:
    """The column of last year's figures was changed; it is for reading only."""
    name = label(indicator)
    message = Text(
        f"{name.zh} 的上年数被改为 {found}，以系统中的 {expected} 为准",
        f"{name.en}: last year's figure was changed to {found}; the portal's {expected} stands",
    )
    return Finding(
        "last_year_changed", Severity.INFO, message, indicator=indicator.code, found=found, expected=expected
    )


def calculated_overwritten(indicator: Indicator, found: str, expected: str) -> Finding:
    """A calculated or carried figure was typed over with another one."""
    name = label(indicator)
    message = Text(
        f"{name.zh} 由系统算出，表中写的是 {found}，以算出的 {expected} 为准",
        f"{name.en} is worked out by the portal; the file says {found}, {expected} stands",
    )
    return Finding(
        "calculated_overwritten", Severity.INFO, message, indicator=indicator.code, found=found, expected=expected
    )


def comment_not_read(place: Cell, found: str) -> Finding:
    """A comment attached to a cell to fill in, for which the draft has no place but the note."""
    message = Text(f"这一格的批注“{found}”没有读取", f'The comment on this cell, "{found}", was not read')
    advice = Text("需要保留的请写到“备注”一列", "Write it in the column of notes if it is to be kept")
    return Finding("comment_not_read", Severity.INFO, message, found=found, advice=advice, cell=place)


def columns_not_read(sheet: str, letters: Iterable[str], count: int) -> Text:
    """Columns that somebody added beside a table."""
    listed = "、".join(letters)
    return Text(
        f"工作表“{sheet}”的 {listed} 列不是报表的列，其中 {count} 格没有读取",
        f'Columns {listed} of sheet "{sheet}" are not of the form; {count} cells of them were not read',
    )


def sheet_not_read(sheet: str) -> Text:
    """A sheet that holds no table of the form."""
    return Text(f"工作表“{sheet}”不是报表，没有读取", f'Sheet "{sheet}" is no table of the form and was not read')
