"""Rows of a worksheet that are written as every program writes them: where they stand, and which look alike.

A row written just like one before, but for its number and its contents, is not looked at cell by cell. Expat still
hears the whole part, so that it is sound and has no DTD.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from xml.parsers import expat

from importers import limits
from importers.cell_values import is_date_format
from importers.reader_sheet import SheetContext
from importers.rows import is_plain
from importers.workbook import parse_address

_BEGINS, _ENDS, _ROW_ENDS = b"<sheetData>", b"</sheetData>", b"</row>"
_ROW = re.compile(rb'<row r="([1-9][0-9]{0,6})"((?: [A-Za-z][\w:]*="[^"<&]*")*) ?(/?)>')
_CELL = (
    r'<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"(?: s="([0-9]{1,5})")?'
    r'(?:(?: t="(n|s)")?(?: ?/>|></c>|><v>([^<&]+)</v></c>)'
    r'| t="inlineStr"><is><t(?: xml:space="preserve")?>([^<&]+)</t></is></c>)'
)
CELLS = re.compile(_CELL)
"""Letters, row, style, type, value and inline text of every cell."""

_ONLY_CELLS = re.compile(rf"(?:{_CELL})*+".encode())
_REFERENCE = re.compile(rb'(?<=<c r=")([A-Z]{1,3})[0-9]+(?=")')
_NUMBER = rb"(?:0|-?[1-9][0-9]{0,14}|-?[1-9][0-9]{0,8}\.[0-9]{1,6}|0\.[0-9]{1,6})"
_NUMBERS = re.compile(rb"%b(?:,%b)*+" % (_NUMBER, _NUMBER))
"""Numbers that `cell_values.exact_number` takes by the digits in which they are written."""

_MOST_SHAPES = 64
_ROW_NUMBER, _CONTENT = b"\0", b"\1"  # characters that cannot stand in XML


class Formats(dict[str, tuple[str, bool]]):
    """By style index: the number format, and whether a number in it is what it looks like."""

    def __init__(self, context: SheetContext) -> None:
        super().__init__()
        self._styles = context.styles

    def __missing__(self, style: str) -> tuple[str, bool]:
        code = self._styles.format_of(style or None)
        self[style] = code, is_plain("", code) and not is_date_format(code)
        return self[style]


class Content(NamedTuple):
    """A cell of a shape that holds something: its column, how it is written, and which of the row's contents it is."""

    position: int
    letters: str
    style: str
    kind: str
    inline: bool


@dataclass(frozen=True)
class Shape:
    """How rows are written but for their numbers and their contents.

    Attributes:
        frame: what stands around the contents.
        elements: how many cells there are, blank ones included.
        columns: of the cells that hold plain digits, as `rows.ReadRow` names them.
        numbers: which of the contents these are.
        others: the other contents.
    """

    frame: bytes
    elements: int
    columns: str
    numbers: list[int]
    others: list[Content]


class OrdinaryRow(NamedTuple):
    """A row, and where in the part its cells begin and end; if it has the shape of an earlier one, its contents too."""

    number: int
    begin: int
    end: int
    shape: Shape | None = None
    digits: str = ""
    others: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class OrdinarySheet:
    """A worksheet part, and its rows; `frame` is the part without them."""

    part: bytes
    rows: list[OrdinaryRow]
    frame: bytes


def ordinary_sheet(part: bytes, context: SheetContext) -> OrdinarySheet | None:
    """Take a worksheet apart; None if anything about its rows is out of the ordinary."""
    if b"\r" in part or not _is_plain_xml(part):
        return None
    first = part.find(_BEGINS) + len(_BEGINS)
    last = part.find(_ENDS)
    if last < first or part.count(_BEGINS) != 1 or part.count(_ENDS) != 1:
        return None
    rows: list[OrdinaryRow] = []
    shapes = _Shapes(part, Formats(context))
    position, before = first, 0
    while position < last:
        begun = _ROW.match(part, position, last)
        if begun is None or int(begun[1]) <= before or b"hidden" in begun[2]:
            return None
        before, begin = int(begun[1]), begun.end()
        end = begin if begun[3] else part.find(_ROW_ENDS, begin, last)
        row = shapes.row(before, begin, end) if end >= 0 else None
        if row is None:
            return None
        rows.append(row)
        position = begin if begun[3] else end + len(_ROW_ENDS)
    return OrdinarySheet(part, rows, part[:first] + part[last:])


def _is_plain_xml(part: bytes) -> bool:
    """Whether a part is sound XML in UTF-8 without comments, instructions, CDATA and DTD: a tag is what it looks like.

    What is not sound is not plain either: the parser that hears it then says what is wrong.
    """
    odd: list[object] = []
    parser = expat.ParserCreate()
    parser.CommentHandler = odd.append
    parser.ProcessingInstructionHandler = lambda *words: odd.append(words)
    parser.StartDoctypeDeclHandler = lambda *words: odd.append(words)
    parser.StartCdataSectionHandler = lambda: odd.append("CDATA")
    parser.XmlDeclHandler = lambda _version, encoding, _alone: odd.extend(
        () if encoding is None or encoding.lower() == "utf-8" else (encoding,)
    )
    try:
        parser.Parse(part, True)
    except expat.ExpatError:
        return False
    return not odd


class _Shapes:
    """The shapes of a sheet's rows, the latest for each number of contents."""

    def __init__(self, part: bytes, formats: Formats) -> None:
        self._part = part
        self._formats = formats
        self._by_count: dict[int, Shape] = {}
        self._made = 0

    def row(self, number: int, begin: int, end: int) -> OrdinaryRow | None:
        """The row, if its cells are ordinary ones."""
        cells = self._part[begin:end]
        # In sound XML these tags open and close by turns: within them stand the contents, between them the frame.
        pieces = cells.replace(b"<t>", b"<v>").replace(b"</t>", b"<v>").replace(b"</v>", b"<v>").split(b"<v>")
        frame, contents = _CONTENT.join(pieces[::2]), pieces[1::2]
        shape = self._by_count.get(len(contents))
        if shape is not None and shape.frame.replace(_ROW_NUMBER, b"%d" % number) == frame:
            digits = b",".join([contents[position] for position in shape.numbers])
            others = tuple([contents[each.position] for each in shape.others])
            if _are_numbers(digits, len(shape.numbers)) and all(_is_text(content) for content in others):
                return OrdinaryRow(number, begin, end, shape, str(digits, "ascii"), others)
        if _ONLY_CELLS.fullmatch(cells) is None:
            return None
        if contents and self._made < _MOST_SHAPES:
            self._made += 1
            self._note(number, frame, contents, str(cells, "utf-8"))
        return OrdinaryRow(number, begin, end)

    def _note(self, number: int, frame: bytes, contents: list[bytes], cells: str) -> None:
        """Remember the shape of a row, unless a cell of it stands elsewhere than it says, or twice."""
        found = CELLS.findall(cells)
        filled = [each for each in found if each[4] or each[5]]
        columns = [column_of(each[0]) or limits.MAX_COLUMNS + 1 for each in filled]
        in_place = {each[1] for each in found} == {str(number)} and len(set(columns)) == len(columns)
        as_split = [(each[4] or each[5]).encode() for each in filled] == contents
        if not (in_place and as_split and max(columns) <= limits.MAX_COLUMNS):
            return
        numbers: list[int] = []
        others: list[Content] = []
        for position, (letters, _row, style, kind, stored, inline) in enumerate(filled):
            if stored and kind != "s" and self._formats[style][1]:
                numbers.append(position)
            else:
                others.append(Content(position, letters, style, kind, bool(inline)))
        self._by_count[len(contents)] = Shape(
            frame=_REFERENCE.sub(rb"\1" + _ROW_NUMBER, frame),
            elements=len(found),
            columns=",".join(str(columns[position]) for position in numbers),
            numbers=numbers,
            others=others,
        )


def _are_numbers(digits: bytes, count: int) -> bool:
    """Whether contents with commas between them are so many numbers that mean the digits by which they are written."""
    return not count or (digits.count(b",") == count - 1 and _NUMBERS.fullmatch(digits) is not None)


def _is_text(content: bytes) -> bool:
    """Whether a content is some text without tags and entities."""
    return bool(content) and b"<" not in content and b"&" not in content


@cache
def column_of(letters: str) -> int | None:
    """The column from 1; None beyond the last one."""
    place = parse_address(f"{letters}1")
    return place[1] if place else None
