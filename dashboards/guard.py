"""One guard for every address below `/dashboards/`, so that no route of Dash's escapes it."""

from flask import Flask, Response, request
from flask_wtf.csrf import generate_csrf

from dashboards.parts import ROOT
from portal.errors import PortalError
from portal.web.access import guard
from portal.web.errors import problem_of
from portal.web.screens import DASHBOARDS

PUBLIC = f"{ROOT}_dash-component-suites/"
"""Published program code of Dash; asking for rights would cost SQL for each of some thirty files."""

CSRF_COOKIE = "_csrf_token"
"""What Dash's front end sends back as X-CSRFToken with every callback."""

_NOT_PAGES = (f"{ROOT}_", f"{ROOT}assets/")


def install(app: Flask) -> None:
    """Guard the addresses, and hand the page the token that its callbacks must carry."""
    app.before_request(_check)
    app.after_request(_give_token)


def is_page(path: str) -> bool:
    """Whether a person opens the address, rather than the program of the page."""
    return path.startswith(ROOT) and not path.startswith(_NOT_PAGES)


def _check() -> Response | None:
    """A page leads to the sign-in page or says that it is not permitted; anything else is answered with 401 or 403."""
    if not request.path.startswith(ROOT) or request.path.startswith(PUBLIC):
        return None
    try:
        guard(DASHBOARDS)
    except PortalError as error:
        if is_page(request.path):
            raise
        return problem_of(error)
    return None


def _give_token(response: Response) -> Response:
    if is_page(request.path) and response.mimetype == "text/html":
        secure = request.is_secure
        response.set_cookie(CSRF_COOKIE, generate_csrf(), path=ROOT, secure=secure, samesite="Strict")
    return response
