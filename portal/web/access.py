"""Which screens open to the person asking. One guard for our pages and for the dashboards."""

from flask import Blueprint, current_app

from portal.errors import NotPermitted
from portal.web.identity import NotSignedIn, find_user
from portal.web.screens import MENU_ACCESS, Screen


def may_open(screen: Screen) -> bool:
    """Whether one of the person's roles opens the screen."""
    return bool(current_app.extensions["appbuilder"].sm.has_access(MENU_ACCESS, screen.name))


def guard(*screens: Screen) -> None:
    """Stop unless one of the screens opens to the person asking.

    Raises:
        NotSignedIn: nobody is signed in; a page leads to the sign-in page, anything else is answered with 401.
        NotPermitted: none of the person's roles opens it.
    """
    if find_user() is None:
        raise NotSignedIn
    if not any(may_open(screen) for screen in screens):
        raise NotPermitted(screens[0].name)


def guarded_blueprint(name: str, import_name: str, *screens: Screen, url_prefix: str = "") -> Blueprint:
    """A blueprint all of whose pages open only with one of the screens."""
    blueprint = Blueprint(name, import_name, url_prefix=url_prefix or None)
    blueprint.before_request(lambda: guard(*screens))
    return blueprint
