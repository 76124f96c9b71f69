"""Which cells of an old workbook compute their content, which xlrd does not tell: read from the records themselves.

Records: [MS-XLS] 2.4: type and length in two bytes each; BOUNDSHEET8 says where a sheet begins, FORMULA begins with row
and column.
"""

import io
import struct
from collections.abc import Iterator

import olefile

_STREAMS = ("Workbook", "Book")
_FORMULA, _BEGIN, _END, _BOUND_SHEET = {0x0006, 0x0206, 0x0406}, 0x0809, 0x000A, 0x0085
_WORKSHEET = 0
_HEADER = struct.Struct("<HH")

Places = frozenset[tuple[int, int]]
"""Rows and columns, counted from 0."""


def formulas_in(content: bytes) -> list[Places]:
    """The formula cells of each worksheet, in the workbook's order; nothing of a file that is no OLE container."""
    if not olefile.isOleFile(content):
        return []
    with olefile.OleFileIO(io.BytesIO(content)) as container:
        name = next((each for each in _STREAMS if container.exists(each)), None)
        stream = container.openstream(name).read() if name else b""
    return [frozenset(_formulas(stream, begin)) for begin in _sheets(stream)]


def _sheets(stream: bytes) -> Iterator[int]:
    for kind, at, length in _records(stream, 0):
        if kind == _BOUND_SHEET and length >= 6:  # noqa: PLR2004 - its fixed part
            begin, _visibility, what = struct.unpack_from("<IBB", stream, at)
            if what == _WORKSHEET:
                yield begin


def _formulas(stream: bytes, begin: int) -> Iterator[tuple[int, int]]:
    for kind, at, length in _records(stream, begin):
        if kind in _FORMULA and length >= 4:  # noqa: PLR2004 - row and column
            yield struct.unpack_from("<HH", stream, at)


def _records(stream: bytes, begin: int) -> Iterator[tuple[int, int, int]]:
    """Type, place of the content and its length of each record, up to the end of the substream or of what there is."""
    at, depth = begin, 0
    while at + _HEADER.size <= len(stream):
        kind, length = _HEADER.unpack_from(stream, at)
        at += _HEADER.size
        if at + length > len(stream):
            return
        depth += {_BEGIN: 1, _END: -1}.get(kind, 0)
        yield kind, at, length
        at += length
        if depth <= 0:
            return
