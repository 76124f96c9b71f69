"""Every cell as the importer reads it: `huizong cells F.xlsx`, and the answer to "why did you read it so?"."""

from collections.abc import Iterator
from typing import Any

from importers.sandbox import stream
from importers.workbook import ReadCell


def read_cells(content: bytes, filename: str = "") -> Iterator[dict[str, Any]]:
    """One dictionary per cell with content, in file order: sheet, cell, kind, raw, value, format, formula.

    Raises:
        WorkbookUnreadable: before the first cell or in the middle.
    """
    for record in stream(content, filename):
        if isinstance(record, ReadCell):
            yield record.as_json()
