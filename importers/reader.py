"""Open an admitted file and stream what it holds; runs in the child process only (`importers.child`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from importers.gate import MACRO_PART, FileKind
from importers.package import Package, Relation
from importers.reader_sheet import SheetContext, SheetListener
from importers.reader_styles import Styles
from importers.reader_workbook import (
    Connections,
    CustomProperties,
    SharedTexts,
    SheetComments,
    SheetEntry,
    WorkbookPart,
)
from importers.rows import ReadRow, in_rows
from importers.workbook import Comment, Record, SheetEnd, SheetHeader, WorkbookHeader
from portal.errors import WorkbookUnreadable

_CELL_SHEETS = {"worksheet"}
_OTHER_SHEETS = {"chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet", "macrosheet"}
_EMBEDDED = ("xl/embeddings/", "xl/activex/")


def read(content: bytes, kind: FileKind) -> Iterator[Record]:
    """The header, then every sheet's cells and end.

    Raises:
        WorkbookUnreadable: the file is damaged, hostile or larger than any report.
    """
    if kind is FileKind.XLSX:
        return _read_xlsx(Package(content), _cells)
    if kind is FileKind.ODS:
        from importers.reader_ods import read_ods  # noqa: PLC0415 (most files do not need it)

        return read_ods(Package(content))
    if kind is FileKind.CSV:
        from importers.reader_csv import read_csv  # noqa: PLC0415 (most files do not need it)

        return read_csv(content)
    from importers.reader_xls import read_xls  # noqa: PLC0415 (imports xlrd)

    return read_xls(content)


def read_rows(content: bytes, kind: FileKind) -> Iterator[WorkbookHeader | ReadRow | SheetEnd]:
    """The same row by row."""
    return _read_xlsx(Package(content), _rows) if kind is FileKind.XLSX else in_rows(read(content, kind))


@dataclass
class _Seen:
    """How many cells were seen so far, for the limit."""

    elements: int = 0


_Read = TypeVar("_Read")


def _read_xlsx(
    package: Package, read_sheet: Callable[[Package, str, SheetContext, _Seen], Iterator[_Read]]
) -> Iterator[WorkbookHeader | _Read]:
    workbook_name = _workbook_name(package)
    relations = package.relations(workbook_name)
    workbook = WorkbookPart()
    package.parse(workbook_name, workbook)
    sheets = [entry for entry in workbook.sheets if not _is_other_sheet(entry, relations)]
    yield WorkbookHeader(
        sheets=tuple(SheetHeader(entry.name, entry.visibility) for entry in sheets),
        constants=workbook.constants,
        properties=_properties(package),
        notices=_notices(package, workbook, relations),
    )
    styles, texts = Styles(), SharedTexts()
    for relation in relations.values():
        if relation.kind == "styles" and not relation.external:
            package.parse(relation.target, styles)
        elif relation.kind == "sharedStrings" and not relation.external:
            package.parse(relation.target, texts)
    seen = _Seen()
    for entry in sheets:
        context = SheetContext(entry.name, texts.found, styles, workbook.epoch_1904)
        yield from read_sheet(package, _sheet_part(entry, relations), context, seen)


def _cells(package: Package, part: str, context: SheetContext, seen: _Seen) -> Iterator[Record]:
    """A sheet's cells as the XML parser finds them, and its end."""
    listener = SheetListener(context, seen.elements)
    for _step in package.parse_stepwise(part, listener):
        yield from listener.take()
    seen.elements = listener.elements
    yield listener.finish(_comments(package, part))


def _comments(package: Package, part: str) -> list[Comment]:
    """The comments on a sheet's cells."""
    found = SheetComments()
    for relation in package.relations(part).values():
        if relation.kind == "comments" and not relation.external and relation.target in package.names:
            package.parse(relation.target, found)
    return found.found


def _rows(
    package: Package, part: str, context: SheetContext, seen: _Seen
) -> Iterator[WorkbookHeader | ReadRow | SheetEnd]:
    """A sheet's rows and its end: all at once where they are written in the ordinary way."""
    from importers.ordinary_rows import ordinary_sheet  # noqa: PLC0415 (slow to compile; single uploads do not need it)
    from importers.plain_rows import LONGEST_PART, PlainReader  # noqa: PLC0415 (the same)

    content = package.whole(part, LONGEST_PART)
    sheet = None if content is None else ordinary_sheet(content, context)
    if sheet is None:
        yield from in_rows(_cells(package, part, context, seen))
        return
    reader = PlainReader(sheet.part, context, seen.elements)
    yield from filter(None, map(reader.row, sheet.rows))
    listener = SheetListener(context, reader.elements)
    package.parse_content(part, sheet.frame, listener)
    seen.elements = reader.elements
    yield listener.finish(_comments(package, part))


def _workbook_name(package: Package) -> str:
    for relation in package.relations("").values():
        if relation.kind == "officeDocument" and not relation.external:
            return relation.target
    raise WorkbookUnreadable("missing_part", "xl/workbook.xml")


def _is_other_sheet(entry: SheetEntry, relations: dict[str, Relation]) -> bool:
    relation = relations.get(entry.relation)
    return relation is not None and relation.kind in _OTHER_SHEETS


def _sheet_part(entry: SheetEntry, relations: dict[str, Relation]) -> str:
    relation = relations.get(entry.relation)
    if relation is None or relation.external or relation.kind not in _CELL_SHEETS:
        raise WorkbookUnreadable("sheet_missing", entry.name)
    return relation.target


def _properties(package: Package) -> dict[str, str]:
    for relation in package.relations("").values():
        if relation.kind == "custom-properties" and relation.target in package.names:
            properties = CustomProperties()
            package.parse(relation.target, properties)
            return properties.found
    return {}


def _notices(package: Package, workbook: WorkbookPart, relations: dict[str, Relation]) -> tuple[str, ...]:
    """What is in the file but is not read.

    Raises:
        WorkbookUnreadable: `embedded_object`, for an object no sheet shows: it can only be there to be smuggled in;
            `data_connection`, for one that fetches data from elsewhere.
    """
    notices = []
    connections = Connections()
    for relation in relations.values():
        if relation.kind == "connections" and not relation.external and relation.target in package.names:
            package.parse(relation.target, connections)
    if connections.external:
        raise WorkbookUnreadable("data_connection", connections.external)
    embedded = {name for name in package.names if name.startswith(_EMBEDDED) and not name.endswith(".rels")}
    if embedded:
        shown: set[str] = set()
        for relation in relations.values():
            if not relation.external:
                shown.update(shape.target for shape in package.relations(relation.target).values())
        # What an object is made of in turn (a control's binary) is reached through the object.
        for name in list(shown & embedded):
            shown.update(piece.target for piece in package.relations(name).values())
        if embedded - shown:
            raise WorkbookUnreadable("embedded_object", min(embedded - shown))
        notices.append("embedded_object")
    if any(name.endswith(MACRO_PART) for name in package.names):
        notices.append("macro")
    if any(_is_other_sheet(entry, relations) for entry in workbook.sheets):
        notices.append("chart_sheet")
    if any(relation.kind == "externalLink" for relation in relations.values()):
        notices.append("external_link")
    return tuple(notices)
