"""The map, read and bound."""

from dash import Dash
from sqlalchemy.orm import Session

from dashboards import drill, ids
from dashboards.assets_cache import asset_url
from dashboards.compared_rows import load
from dashboards.context import Context
from dashboards.language import lazy_gettext as _
from dashboards.pages.map import layout
from dashboards.pages.page import Page
from dashboards.parts import Children
from portal.domain.forms import Text
from portal.web.language import say


def make(source: Text) -> Page:
    """The page, for the router; `source` is printed under the map."""

    def render(session: Session, context: Context) -> Children:
        compared = load(session, context)
        return layout.page(context, compared, source=say(source), asset_url=asset_url)

    return Page(layout.SLUG, _("地图"), _("哪里高、哪里低，与周边相比如何"), render)


def register(app: Dash) -> None:
    """Bind the click on an area."""
    drill.register(app, ids.MAP)
