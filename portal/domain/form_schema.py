"""The JSON Schema of form files, made from the tables that read and write them.

It says what may stand where; whether codes, expressions and units of measure fit together only importing tells.
"""

import re
from functools import singledispatch
from typing import Any

from portal.domain.addition_file import ADDITION
from portal.domain.form_records import FORM
from portal.domain.record_kinds import AnyOf, Choice, Day, Exact, Figures, Flag, Kind, Several, Whole, Word
from portal.domain.records import Field, Later, Partly, Record

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER: dict[str, Any] = {"type": ["number", "string"], "pattern": r"^-?[0-9]{1,40}(\.[0-9]{1,40})?$"}


def form_schema() -> dict[str, Any]:
    """The schema of forms; its parts are named after what they describe."""
    return _whole_schema(FORM, "Huizong form file (报表文件)")


def addition_schema() -> dict[str, Any]:
    """The schema of what a unit adds to a form."""
    return _whole_schema(ADDITION, "Huizong addition (补充指标文件)")


def _whole_schema(record: Record, title: str) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    whole = _named(record, parts)
    return {"$schema": DRAFT, "title": title, **whole, "$defs": dict(sorted(parts.items()))}


@singledispatch
def _schema(kind: Kind, parts: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - the registered ones use it
    """The schema of a kind of value; what it refers to is added to `parts`."""
    raise TypeError(kind)


@_schema.register
def _word(_kind: Word, _parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "string"}


@_schema.register
def _flag(_kind: Flag, _parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "boolean"}


@_schema.register
def _whole(_kind: Whole, _parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0}


@_schema.register
def _exact(_kind: Exact, _parts: dict[str, Any]) -> dict[str, Any]:
    return _NUMBER


@_schema.register
def _day(_kind: Day, _parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "string", "format": "date"}


@_schema.register
def _figures(_kind: Figures, _parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"type": ["number", "string"]}}


@_schema.register
def _choice(kind: Choice, _parts: dict[str, Any]) -> dict[str, Any]:
    return {"enum": [str(word) for word in kind.words]}


@_schema.register
def _any_of(kind: AnyOf, _parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": {"enum": [str(word) for word in kind.words]}, "minItems": 1}


@_schema.register
def _several(kind: Several, parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _schema(kind.kind, parts)}


@_schema.register
def _later(kind: Later, parts: dict[str, Any]) -> dict[str, Any]:
    return _schema(kind.told(), parts)


@_schema.register
def _partly(kind: Partly, parts: dict[str, Any]) -> dict[str, Any]:
    return _mapping(kind.table, parts)


@_schema.register
def _record(kind: Record, parts: dict[str, Any]) -> dict[str, Any]:
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", kind.of.__name__).lower()
    if name not in parts:
        parts[name] = {}  # a record may hold records like itself
        parts[name] = _named(kind, parts)
    return {"$ref": f"#/$defs/{name}"}


def _named(kind: Record, parts: dict[str, Any]) -> dict[str, Any]:
    """A mapping with the keys it must have; or its short form."""
    required = [each.key for each in kind.table if kind.is_required(each)]
    mapping = _mapping(kind.table, parts) | ({"required": required} if required else {})
    short = next((each for each in kind.table if each.key == kind.short), None)
    return {"anyOf": [_schema(short.kind, parts), mapping]} if short else mapping


def _mapping(table: tuple[Field, ...], parts: dict[str, Any]) -> dict[str, Any]:
    properties = {each.key: _schema(each.kind, parts) for each in table}
    return {"type": "object", "properties": properties, "additionalProperties": False}
