"""Read a consolidated workbook: whose rows there are, and which column is which indicator; what is neither is said.

Rows are kept as the lines that they came in: a few kilobytes for each unit, whatever the workbook is.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from importers import consolidated_findings as wrong
from importers.consolidated_head import STANDING, UNIT_CODE, UNIT_NAME, is_word
from importers.identity import SHEETS_WITHOUT_ANSWERS, Expected
from importers.measures import tidy
from importers.recognise import NotRecognised, contradiction
from importers.rows import ReadRow, columns_of, read_line
from importers.sandbox import stream_rows
from importers.workbook import ReadCell, ReadSheet, ReadWorkbook, SheetEnd, Visibility, WorkbookHeader, column_letters
from portal.domain.forms import FormVersion, Text

_HEAD_WITHIN = 60  # rows; the head stands above all units
_MOST_UNITS = 20_000
_MOST_REMARKS = 200
_UNIT_OF_MEASURE = {"计量单位", "unitofmeasure"}


@dataclass
class Table:
    """A sheet with a row for each unit.

    Attributes:
        columns: indicator code by column number.
        stated: units of measure that stand over columns, by column number.
    """

    title: str
    visibility: Visibility
    unit: int = 0
    name: int = 0
    columns: dict[int, str] = field(default_factory=dict)
    stated: dict[int, str] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)
    above: list[ReadRow] = field(default_factory=list)
    strays: dict[int, int] = field(default_factory=dict)

    @property
    def has_head(self) -> bool:
        """Whether its head was found."""
        return self.unit > 0


@dataclass
class UnitRows:
    """Where a unit stands: table, number and line of each of its rows."""

    code: str
    names: set[str] = field(default_factory=set)
    lines: list[tuple[Table, int, bytes]] = field(default_factory=list)
    repeated: bool = False

    def rows(self) -> Iterator[tuple[Table, ReadRow]]:
        """The rows as they stand."""
        for table, _number, line in self.lines:
            yield table, read_line(line)

    @property
    def place(self) -> str:
        """Where it stands first, or everywhere if it stands twice."""
        places = [f"{table.title}!{number}" for table, number, _line in self.lines]
        return "、".join(places if self.repeated else places[:1])


@dataclass
class Consolidated:
    """What a consolidated workbook holds, by the code of each unit as it stands there, in order.

    Attributes:
        remarks: what was not read, and what is odd, each once.
    """

    units: dict[str, UnitRows] = field(default_factory=dict)
    remarks: list[Text] = field(default_factory=list)

    def remark(self, text: Text) -> None:
        """Say something once; of a thousand remarks the first ones are enough."""
        if text not in self.remarks and len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(text)


def read_consolidated(content: bytes, form: FormVersion, expected: Expected) -> Consolidated | NotRecognised:
    """Read a consolidated workbook of a form.

    Args:
        content: the bytes of the file.
        form: whose indicators are looked for.
        expected: form, period and the unit above all of those listed, as they were chosen.

    Raises:
        WorkbookUnreadable: it is no workbook, or may not be opened.
    """
    found = Consolidated()
    tables: dict[str, Table] = {}
    header = WorkbookHeader(())
    for record, line in stream_rows(content):
        if isinstance(record, WorkbookHeader):
            header = record
            tables = {sheet.name: Table(sheet.name, sheet.visibility) for sheet in record.sheets}
        elif isinstance(record, SheetEnd):
            _remark_hidden(tables[record.sheet], record, found)
            if record.comments:
                found.remark(wrong.comments_not_read(record.sheet, record.comments))
        else:
            refusal = _hear(tables[record.sheet], record, line, form, found)
            if refusal is not None:
                return refusal
    return _judged(header, tables, form, expected, found)


def _hear(table: Table, row: ReadRow, line: bytes, form: FormVersion, found: Consolidated) -> NotRecognised | None:
    """Take a row: of the head, of a unit, or neither."""
    if not table.has_head:
        if len(table.above) < _HEAD_WITHIN:
            table.above.append(row)
            if table.title not in SHEETS_WITHOUT_ANSWERS:
                return _read_head(table, row, form, found)
        return None
    columns = columns_of(row.columns)
    for column in {*columns, *(column for column, _item in row.others)} - table.columns.keys() - table.others:
        table.strays[column] = table.strays.get(column, 0) + 1
    code, name = _text(row.item_at(table.unit)).replace(" ", ""), _text(row.item_at(table.name))
    if not code:
        figures = len(table.columns.keys() & set(columns))
        if figures:
            found.remark(wrong.row_without_code(table.title, row.row, name, figures))
        return None
    unit = found.units.setdefault(code, UnitRows(code))
    unit.repeated |= any(seen is table for seen, _number, _line in unit.lines)
    unit.names |= {name} - {""}
    unit.lines.append((table, row.row, line))
    return wrong.too_many_units(_MOST_UNITS) if len(found.units) > _MOST_UNITS else None


def _read_head(table: Table, row: ReadRow, form: FormVersion, found: Consolidated) -> NotRecognised | None:
    """Take the row as the last of the head if it names the column of the units and indicators."""
    texts = {column: _text(item) for column, item in row.items()}
    unit = next((column for column, text in texts.items() if is_word(text, UNIT_CODE)), 0)
    codes = {column: text.replace(" ", "").upper() for column, text in texts.items()}
    if not unit or form.by_code.keys().isdisjoint(codes.values()):
        return None
    table.unit = unit
    for column, text in texts.items():
        if column == unit or is_word(text, STANDING):
            table.others.add(column)
        elif is_word(text, UNIT_NAME):
            table.name = column
            table.others.add(column)
        elif codes[column] not in form.by_code:
            table.others.add(column)
            found.remark(wrong.unknown_column(table.title, column, text))
        elif not form.indicator(codes[column]).typed:
            table.others.add(column)
            found.remark(wrong.calculated_column(table.title, column, text))
        else:
            table.columns[column] = codes[column]
    return _read_above(table, form)


def _read_above(table: Table, form: FormVersion) -> NotRecognised | None:
    """Names and units of measure over the codes: another indicator's name there means that codes were left behind."""
    listed = {indicator.code for sheet in form.sheets if sheet.cross is None for indicator in sheet.listed}
    names = {word: each.code for each in form if each.code in listed for word in _names(form, each.code)}
    for row in table.above[:-1]:
        texts = {column: tidy(_text(item)) for column, item in row.items()}
        measures = any(text.replace(" ", "").lower() in _UNIT_OF_MEASURE for text in texts.values())
        for column, code in table.columns.items():
            text = texts.get(column, "")
            if measures and text:
                table.stated[column] = text
            elif code in listed and text in names and text not in _names(form, code) | _group(form, code):
                return wrong.misnamed_column(table.title, column, code, text)
    return None


def _names(form: FormVersion, code: str) -> set[str]:
    name = form.indicator(code).name
    return {tidy(name.zh), tidy(name.en)} - {""}


def _group(form: FormVersion, code: str) -> set[str]:
    parent = form.by_code.get(form.indicator(code).parent)
    return _names(form, parent.code) if parent else set()


def _judged(
    header: WorkbookHeader, tables: dict[str, Table], form: FormVersion, expected: Expected, found: Consolidated
) -> Consolidated | NotRecognised:
    """The whole, once every row was heard."""
    heads = [ReadSheet(table.title, table.visibility, _cells(table.above)) for table in tables.values()]
    refusal = contradiction(ReadWorkbook(header, tuple(heads)), expected)
    if refusal is not None:
        return refusal
    with_units = [table for table in tables.values() if table.has_head]
    if not with_units:
        return wrong.no_table()
    codes = Counter(code for table in with_units for code in table.columns.values())
    twice = sorted(code for code, count in codes.items() if count > 1)
    if twice:
        return wrong.repeated_columns(twice)
    for table in tables.values():
        if table.has_head:
            for column, count in sorted(table.strays.items()):
                found.remark(wrong.stray_column(table.title, column_letters(column), count))
        elif table.above and table.title not in SHEETS_WITHOUT_ANSWERS:
            found.remark(wrong.sheet_not_read(table.title))
    missing = [each.code for each in form if each.typed and each.code not in codes]
    if missing:
        found.remark(wrong.missing_columns(missing))
    return found


def _cells(rows: list[ReadRow]) -> dict[tuple[int, int], ReadCell]:
    return {(cell.row, cell.column): cell for row in rows for cell in row.cells()}


def _remark_hidden(table: Table, end: SheetEnd, found: Consolidated) -> None:
    if not table.has_head:
        return
    if table.visibility is not Visibility.VISIBLE:
        found.remark(wrong.hidden_sheet(table.title))
    if end.hidden_rows or end.hidden_columns & table.columns.keys():
        found.remark(wrong.hidden_cells(table.title))


def _text(item: object) -> str:
    """What stands in a cell, as a label."""
    if isinstance(item, list):
        return tidy(str(item[2] if isinstance(item[2], str) and not item[3] else item[1]))
    return str(item or "")
