"""Who must change the password, or set up a second factor, opens nothing else: no page, no dashboard, not the API."""

from flask import Flask, request

from portal.web.identity import PasswordChangeRequired, signed_in
from portal.web.second_factor import require_enrolment
from portal.web.sessions import bearer

_OPEN = frozenset({"static", "account.password", "SignInView.login", "SignInView.logout", "home.choose_language"})
"""Endpoints: what it takes to change the password, or to leave."""


def install(app: Flask, public: str) -> None:
    """Look at every request but those for program code below the path `public`.

    A program's token is looked at where it is verified.
    """

    def check() -> None:
        if request.endpoint in _OPEN or request.path.startswith(public) or bearer():
            return
        found = signed_in()
        if found is None:
            return
        if found.must_change_password:
            raise PasswordChangeRequired
        if request.blueprint != "second_factor":
            require_enrolment(found.user_id)

    app.before_request(check)
