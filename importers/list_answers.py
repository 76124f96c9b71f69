"""From list tables in a workbook to what a unit lists: a row for each row that says anything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from importers import table_findings as wrong
from importers.listings import Listing
from importers.measures import tidy
from importers.parse import parse_cell
from importers.workbook import ReadCell, Visibility, column_letters
from portal.domain.findings import Cell, Finding, ListPlace
from portal.domain.forms import FormVersion, Severity, Sheet, Text
from portal.domain.list_checks import at
from portal.domain.lists import ListAnswer, ListItem, ListTable
from portal.domain.units import Level
from portal.domain.values import Value

_NOTHING = {"无", "没有", "本期没有", "none", "nil"}
"""What alone in a list says that there is nothing to list."""


@dataclass
class ListReading:
    """What the lists of a file say; `unread` and `places` are by list, row and column, as `ListPlace` writes them.

    Attributes:
        lists: by code, those that stand in the file; a blank one is not answered.
        unread: what stands, as written, in cells that were not understood.
        places: where lists, rows and cells stand.
        lost: codes of lists that the unit has to fill in and that cannot be read.
    """

    lists: dict[str, ListAnswer] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    places: dict[str, Cell] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def read_lists(form: FormVersion, level: Level, listings: list[Listing]) -> ListReading:
    """Read the lists that a unit of that level fills in."""
    reading = ListReading()
    for listing in listings:
        if listing.code not in form.lists:
            reading.findings.append(_unknown_list(listing))
    for code, (sheet, table) in form.lists.items():
        if level not in table.filled_by:
            continue
        found = [listing for listing in listings if listing.code == code]
        filled = [listing for listing in found if listing.rows]
        if len(filled) > 1:
            reading.lost.add(code)
            reading.findings.append(_repeated_list(sheet, filled))
        elif found:
            _take(sheet, table, (filled or found)[0], reading)
        elif table.core or table.least:
            reading.lost.add(code)
            reading.findings.append(replace(wrong.sheet_missing(sheet), hides=frozenset({code})))
    return reading


def _take(sheet: Sheet, table: ListTable, listing: Listing, reading: ListReading) -> None:
    name = listing.sheet.name
    reading.places[str(ListPlace(table.code))] = Cell(name, f"A{listing.code_row}")
    reading.findings += _about(sheet, table, listing)
    if _says_none(listing):
        reading.lists[table.code] = ListAnswer(table, none=True)
        return
    items = []
    for row, (number, cells) in enumerate(listing.rows, start=1):
        reading.places[str(ListPlace(table.code, row, "", row))] = _first_cell(name, number, listing)
        items.append(ListItem(row, dict(_read_row(table, listing, row, number, cells, reading))))
    reading.lists[table.code] = ListAnswer(table, tuple(items))


def _read_row(
    table: ListTable, listing: Listing, row: int, number: int, cells: Mapping[str, ReadCell], reading: ListReading
) -> Iterator[tuple[str, Value]]:
    """The answers of a row that were understood and say something."""
    letters = {code: column_letters(column) for column, code in listing.columns.items()}
    for column in table.columns:
        place = ListPlace(table.code, row, column.code, row)
        if column.code in letters:
            reading.places[str(place)] = Cell(listing.sheet.name, f"{letters[column.code]}{number}")
        parsed = parse_cell(column.indicator, cells.get(column.code))
        reading.findings += [at(finding, place) for finding in parsed.findings]
        if parsed.value is None or parsed.placeholder:
            reading.unread[str(place)] = parsed.findings[0].found
        elif parsed.value.answered:
            yield column.code, parsed.value


def _says_none(listing: Listing) -> bool:
    cells = [cell for _number, row in listing.rows for cell in row.values()]
    return len(cells) == 1 and tidy(cells[0].text).lower() in _NOTHING


def _first_cell(sheet: str, number: int, listing: Listing) -> Cell:
    return Cell(sheet, f"{column_letters(min(listing.columns))}{number}")


def _about(sheet: Sheet, table: ListTable, listing: Listing) -> Iterator[Finding]:
    if listing.sheet.visibility is not Visibility.VISIBLE:
        yield wrong.hidden_sheet(listing.sheet.name)
    hidden = [number for number, _cells in listing.rows if number in listing.sheet.hidden_rows]
    if hidden:
        yield wrong.hidden_rows(listing.sheet.name, hidden)
    missing = [column for column in table.columns if column.code not in listing.columns.values()]
    if missing:
        zh = "、".join(f"{column.name.zh}（{column.code}）" for column in missing)
        en = ", ".join(column.code for column in missing)
        yield Finding(
            "list_column_missing",
            Severity.BLOCKING,
            Text(f"清单“{sheet.name.zh}”缺少列：{zh}", f"the list {table.code} lacks columns: {en}"),
            listed=ListPlace(table.code),
            expected=en,
            advice=_RESTORE,
        )


_RESTORE = Text(
    "请重新下载模板，把各行复制过去；不要删除表头下的一行代码",
    "Download the template again and copy the rows into it; keep the row of codes below the heads",
)


def _unknown_list(listing: Listing) -> Finding:
    message = Text(
        f"工作表“{listing.sheet.name}”的清单代码“{listing.code}”不在报表中，没有读取",
        f'the form has no list "{listing.code}"; sheet "{listing.sheet.name}" was not read',
    )
    place = Cell(listing.sheet.name, f"A{listing.code_row}")
    return Finding("unknown_list", Severity.INFO, message, found=listing.code, advice=_RESTORE, cell=place)


def _repeated_list(sheet: Sheet, listings: list[Listing]) -> Finding:
    names = "、".join(f"“{listing.sheet.name}”" for listing in listings)
    message = Text(
        f"清单“{sheet.name.zh}”不止一处有内容：{names}，都没有读取",
        f"the list {listings[0].code} stands in several places: {names}; none was read",
    )
    advice = Text("请合到一处，把另一处删空", "Put all rows into one and empty the other")
    place = Cell(listings[1].sheet.name, f"A{listings[1].code_row}")
    listed = ListPlace(listings[0].code)
    return Finding("repeated_list", Severity.BLOCKING, message, listed=listed, advice=advice, cell=place)
