"""The start page, the choice of unit and of language, and the list of keys."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_appbuilder import IndexView, expose
from werkzeug.wrappers import Response

from portal.errors import NotFound, NotPermitted
from portal.web.access import may_open
from portal.web.identity import NotSignedIn, act_for, find_user
from portal.web.language import LANGUAGES, choose
from portal.web.screens import SCREENS

pages = Blueprint("home", __name__)


class StartView(IndexView):
    """The way to the first screen that opens to the person."""

    @expose("/")
    def index(self) -> Response:
        """Redirect to the first screen of the menu."""
        if find_user() is None:
            raise NotSignedIn
        for screen in SCREENS:
            if may_open(screen):
                return redirect(screen.href)
        raise NotPermitted("act_for_unit")


@pages.get("/language/<code>")
def choose_language(code: str) -> Response:
    """Show everything in this language from now on."""
    if code not in LANGUAGES:
        raise NotFound("language", code)
    response = redirect(_back())
    choose(response, code)
    return response


@pages.post("/unit")
def choose_unit() -> Response:
    """Act for another of one's units from now on."""
    act_for(request.form.get("unit", ""))
    return redirect(url_for("StartView.index"))


@pages.get("/help/keys")
def keys() -> str:
    """What the keys do on the pages that people type in; pages with scripts show it over themselves."""
    return render_template("keys.html")


def _back() -> str:
    """The page one came from, if it is one of ours."""
    target = request.args.get("next", "/")
    inside = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if inside else "/"
