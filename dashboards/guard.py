"""One guard for every address below `/dashboards/`, so that no route of Dash's escapes it."""

from typing import Any
from urllib.parse import parse_qsl

from dash.exceptions import DependencyException
from flask import Flask, Response, current_app, request
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import MultiDict

from dashboards.parts import ROOT
from portal.errors import InvalidInput, NotFound, PortalError
from portal.web.access import guard
from portal.web.errors import problem_of
from portal.web.screens import DASHBOARDS
from portal.web.targets import refuse_mixed_units

PUBLIC = f"{ROOT}_dash-component-suites/"
"""Published program code of Dash; asking for rights would cost SQL for each of some thirty files."""

CALLBACKS = f"{ROOT}_dash-update-component"

EXTENSION = "dashboards"
"""Where the Flask app keeps the Dash app."""

CSRF_COOKIE = "_csrf_token"
"""What Dash's front end sends back as X-CSRFToken with every callback."""

_NOT_PAGES = (f"{ROOT}_", f"{ROOT}assets/")


def install(app: Flask) -> None:
    """Guard the addresses, and hand the page the token that its callbacks must carry."""
    app.before_request(_check)
    app.after_request(_give_token)
    app.register_error_handler(DependencyException, lambda _error: problem_of(NotFound("file", request.path)))


def is_page(path: str) -> bool:
    """Whether a person opens the address, rather than the program of the page."""
    return path.startswith(ROOT) and not path.startswith(_NOT_PAGES)


def _check() -> Response | None:
    """A page leads to the sign-in page or says that it is not permitted; anything else is answered with 401 or 403."""
    if not request.path.startswith(ROOT) or request.path.startswith(PUBLIC):
        return None
    try:
        guard(DASHBOARDS)
        if request.path == CALLBACKS and request.method == "POST":
            body = request.get_json(silent=True)
            _require_sense(body)
            refuse_mixed_units(_addresses(body))
    except PortalError as error:
        if is_page(request.path):
            raise
        return problem_of(error)
    return None


def _require_sense(body: Any) -> None:
    """A callback's request names one of our callbacks and brings what it declares; Dash takes that for granted.

    Raises:
        InvalidInput: it does not, so no program of ours sent it.
    """
    match body:
        case {"output": str(output), "outputs": dict() | list()}:
            declared = current_app.extensions[EXTENSION].callback_map.get(output)
            # A property that has no value yet is named without one, so that only the names are compared.
            if declared and all(_named(body.get(kind, [])) == _named(declared[kind]) for kind in ("inputs", "state")):
                return
    raise InvalidInput("body", "not_a_callback")


def _addresses(body: Any) -> list[MultiDict[str, str]]:
    """The parameters of the addresses that a callback is told of."""
    told = [each for kind in ("inputs", "state") for each in body.get(kind, []) if each["property"] == "search"]
    searches = [each.get("value") for each in told]
    return [MultiDict(parse_qsl(search.removeprefix("?"))) for search in searches if isinstance(search, str)]


def _named(properties: object) -> list[tuple[object, object]] | None:
    """Whose properties they are; None if they are no such list."""
    if not isinstance(properties, list) or not all(isinstance(each, dict) for each in properties):
        return None
    return [(each.get("id"), each.get("property")) for each in properties]


def _give_token(response: Response) -> Response:
    if is_page(request.path) and response.mimetype == "text/html":
        secure = request.is_secure
        response.set_cookie(CSRF_COOKIE, generate_csrf(), path=ROOT, secure=secure, samesite="Strict")
    return response
