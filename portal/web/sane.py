"""Addresses and forms that nobody's browser sends are refused before anything is asked of the database.

Requests of the API are read by `portal.web.api.reading`, which names what is wrong.
"""

from collections.abc import Iterable, Mapping

from flask import Flask, request
from werkzeug.exceptions import BadRequest

_PAGING = ("page_", "psize_")
"""Flask-AppBuilder's parameters of a list, which it takes to be numbers."""

_LONGEST_NUMBER = 9


def is_count(text: str) -> bool:
    """Whether this is a number from 0 that the database can hold."""
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def storable(content: object) -> bool:
    """Whether the database can hold every text in nested content: no zero character, no half of a surrogate pair."""
    return not any("\x00" in text or any("\ud800" <= each <= "\udfff" for each in text) for text in _texts(content))


def install(app: Flask) -> None:
    """Look at every request for a page."""
    app.before_request(_check)


def _check() -> None:
    if request.path.startswith("/api/"):
        return
    names = [file.filename or "" for _field, file in request.files.items(multi=True)]
    if not storable([request.path, request.args.to_dict(flat=False), request.form.to_dict(flat=False), names]):
        raise BadRequest
    if not all(is_count(text) for name, text in request.args.items() if name.startswith(_PAGING)):
        raise BadRequest


def _texts(content: object) -> Iterable[str]:
    """Every text in nested content, names of fields included."""
    left = [content]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            left += one
