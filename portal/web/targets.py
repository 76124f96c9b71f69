"""A request is about one unit: wherever it names one, in its address, its form or its body, it names the same.

So no request can name two units, one of which is checked and the other used. The unit acted for (chosen in the session,
or named in the header `Huizong-Unit`) is who asks, not what is asked about.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from flask import Flask, request
from werkzeug.datastructures import MultiDict

from portal.domain.submissions import SubmissionKey
from portal.errors import NotFound, PortalError

_UNITS = frozenset({"unit", "under", "u"})
"""Parts of addresses, parameters, form fields and keys of JSON objects that name a unit; the dashboards' box adds its
name to the code: `441802 清城区`."""

_SUBMISSIONS = frozenset({"key", "submission"})
"""Those that name a submission, and with it a unit: `441802-2023-FZ`."""


class MixedUnits(PortalError):
    """The request names different units."""

    code = "mixed_units"


def install(app: Flask) -> None:
    """Look at the address of every request, and at the form of a page; the API reads its own forms and bodies."""
    app.before_request(lambda: refuse_mixed_units({} if request.path.startswith("/api/") else request.form))


def refuse_mixed_units(content: object) -> None:
    """Stop if the address and what came with it, a form or nested JSON, name more than one unit.

    Raises:
        MixedUnits: they do.
    """
    if len(set(_named([request.view_args or {}, request.args, content])) - {""}) > 1:
        raise MixedUnits


def _named(content: object) -> Iterator[str]:
    """Every unit named in nested content; a field that comes several times counts each time."""
    left = [content]
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            pairs = list(_pairs(one))
            yield from (_unit(name, value) for name, value in pairs if isinstance(value, str))
            left += [value for _name, value in pairs]
        elif isinstance(one, list):
            left += one


def _pairs(mapping: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    return mapping.items(multi=True) if isinstance(mapping, MultiDict) else mapping.items()


def _unit(name: str, text: str) -> str:
    """The unit that a field names; empty if it names none."""
    if name in _UNITS:
        return (text.split(maxsplit=1) or [""])[0]
    if name in _SUBMISSIONS:
        with suppress(NotFound):
            return SubmissionKey.parse(text).unit
    return ""
