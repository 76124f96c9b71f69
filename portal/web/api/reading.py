"""Read a request, strictly: what is not understood is refused whole, never ignored.

A parameter, a form field or a key of an object comes once.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from portal.errors import PortalError
from portal.web.incoming import name_of
from portal.web.sane import storable
from portal.web.targets import refuse_mixed_units

LONGEST_BODY = 1024 * 1024
"""Of a JSON body, in bytes; workbooks have the limit of the application."""

Problems = dict[str, list[str]]
"""What is wrong, by parameter or field; for developers, in English."""


class InvalidRequest(PortalError):
    """The request itself is wrong, whatever it was about."""

    code = "invalid_request"

    def __init__(self, problems: Problems) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(several)}" for name, several in problems.items()))
        self.problems = problems


def read_path(parts: Mapping[str, str]) -> None:
    """Refuse an address that no database could look up."""
    refuse_unstorable(parts)


def read_query(schema: type[Schema] | None) -> dict[str, Any]:
    """The parameters of the address; by default there are none."""
    return _once(schema, request.args)


def read_form(schema: type[Schema]) -> dict[str, Any]:
    """The fields of a form that came with a file."""
    refuse_mixed_units(request.form)
    return _once(schema, request.form)


def read_body(schema: type[Schema]) -> dict[str, Any]:
    """The JSON object that the request carries; no body is an empty object.

    Raises:
        InvalidRequest: it is no JSON, or not of the schema.
        werkzeug.exceptions.HTTPException: it is too long (413), or of another media type (415).
    """
    request.max_content_length = LONGEST_BODY
    content = request.get_data()
    if content and not request.is_json:
        raise UnsupportedMediaType
    try:
        body = json.loads(
            content or "{}", parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_object_of_unique_keys
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InvalidRequest({"body": [f"not JSON: {error}"]}) from error
    if not isinstance(body, dict):
        raise InvalidRequest({"body": ["not an object"]})
    refuse_unstorable(body)
    refuse_mixed_units(body)
    return _load(schema, body)


def sent_file() -> tuple[str, FileStorage]:
    """Name and content of the one file of the request.

    Raises:
        InvalidRequest: there is none, or there are several.
    """
    files = list(request.files.items(multi=True))
    if len(files) != 1 or files[0][0] != "file" or not files[0][1].filename:
        raise InvalidRequest({"file": ["one file is needed, as `file`"]})
    name = name_of(files[0][1])
    refuse_unstorable({"file": name})
    return name, files[0][1]


def read_row_version() -> int | None:
    """The row version in `If-Match`; None without the header, or with `*`.

    Raises:
        InvalidRequest: it is none of ours.
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    number = header.removeprefix('"').removesuffix('"')
    if not (number.isascii() and number.isdecimal() and len(number) <= len(str(2**31))):
        raise InvalidRequest({"If-Match": ["not an ETag of this resource"]})
    return int(number)


def _once(schema: type[Schema] | None, fields: MultiDict[str, str]) -> dict[str, Any]:
    repeated = {name: ["given more than once"] for name in fields if len(fields.getlist(name)) > 1}
    if repeated:
        raise InvalidRequest(repeated)
    refuse_unstorable(fields)
    return _load(schema or Schema, fields.to_dict())


def _load(schema: type[Schema], given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema().load(given)
    except ValidationError as error:
        raise InvalidRequest(_flat(error.messages_dict)) from error
    return loaded


def _flat(messages: Mapping[Any, Any], above: str = "") -> Problems:
    """Messages of nested fields under names such as `values.FZ0501.number`."""
    flat: Problems = {}
    for name, said in messages.items():
        path = f"{above}{name}"
        flat |= _flat(said, f"{path}.") if isinstance(said, Mapping) else {path: [str(each) for each in said]}
    return flat


def _object_of_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice in an object")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def refuse_unstorable(content: object) -> None:
    """Refuse texts that the database cannot hold: with a zero character, or half of a surrogate pair."""
    if not storable(content):
        raise InvalidRequest({"text": ["holds a character that no text may hold"]})
