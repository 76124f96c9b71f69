"""What passes between the child that parses and the portal: JSON lines, never pickles."""

import json
from decimal import Decimal
from typing import Any

from importers.workbook import (
    CellKind,
    Comment,
    Merged,
    ReadCell,
    Record,
    SheetEnd,
    SheetHeader,
    Visibility,
    WorkbookHeader,
)

END = "end"
REFUSED = "refused"
FAILED = "failed"

CELLS, ROWS = "cells", "rows"
"""How a child is asked to read: a record for every cell, or for every row."""


def to_line(record: Record) -> str:
    """A record as one line, without the line break."""
    return json.dumps(_to_json(record), ensure_ascii=False, separators=(",", ":"))


def _to_json(record: Record) -> list[Any]:
    if isinstance(record, ReadCell):
        is_number = isinstance(record.value, Decimal)
        return [
            "cell",
            record.sheet,
            record.row,
            record.column,
            record.kind.value,
            record.raw,
            str(record.value) if is_number else record.value,
            is_number,
            record.number_format,
            record.has_formula,
            record.external,
        ]
    if isinstance(record, SheetEnd):
        hidden = sorted(record.hidden_rows), sorted(record.hidden_columns)
        return ["sheet_end", record.sheet, *hidden, record.merged, record.comments]
    return [
        "workbook",
        [[sheet.name, sheet.visibility.value] for sheet in record.sheets],
        dict(record.constants),
        dict(record.properties),
        list(record.notices),
    ]


def from_fields(fields: list[Any]) -> Record:
    """The record of a parsed line."""
    if fields[0] == "cell":
        sheet, row, column, kind, raw, value, is_number, number_format, has_formula, external = fields[1:]
        return ReadCell(
            sheet=sheet,
            row=row,
            column=column,
            kind=CellKind(kind),
            raw=raw,
            value=Decimal(value) if is_number else value,
            number_format=number_format,
            has_formula=has_formula,
            external=external,
        )
    return no_cell(fields)


def no_cell(fields: list[Any]) -> WorkbookHeader | SheetEnd:
    """The record of a parsed line that is no cell's."""
    if fields[0] == "sheet_end":
        return SheetEnd(
            fields[1],
            frozenset(fields[2]),
            frozenset(fields[3]),
            tuple(Merged(*each) for each in fields[4]),
            tuple(Comment(*each) for each in fields[5]),
        )
    return WorkbookHeader(
        sheets=tuple(SheetHeader(name, Visibility(visibility)) for name, visibility in fields[1]),
        constants=fields[2],
        properties=fields[3],
        notices=tuple(fields[4]),
    )
