"""Protection against forged requests: everything that changes something carries our token.

Only a request with a bearer token goes without, and its cookie is not looked at; and signing in to the API, which
gives the token in its answer and sets no cookie.
"""

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect

from portal.web.sessions import bearer

_API_SIGN_IN = "SecurityApi.login"

protection = CSRFProtect()


def install(app: Flask) -> None:
    """Check every request that may change something."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    # The token lasts as long as the session: a page left open over lunch must still save.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    protection.init_app(app)
    app.before_request(_check)


def _check() -> None:
    by_token = request.path.startswith("/api/") and bearer()
    if not by_token and request.endpoint != _API_SIGN_IN:
        protection.protect()
