"""Puts the one Dash app into the Flask app."""

from flask import Blueprint, Flask

from dashboards import assets_cache, guard, routing
from dashboards.assets_cache import FOLDER, PLOTLY
from dashboards.pages.differences import callbacks as differences
from dashboards.pages.map import callbacks as on_map
from dashboards.pages.overview import callbacks as overview
from dashboards.pages.progress import callbacks as progress
from dashboards.pages.ranking import callbacks as ranking
from dashboards.parts import ROOT
from dashboards.shell import PortalDash, skeleton
from portal.config import MAP_SOURCE_EN, MAP_SOURCE_ZH
from portal.domain.forms import Text

_DEFAULT_SOURCE = Text(MAP_SOURCE_ZH, MAP_SOURCE_EN)


def mount(app: Flask, map_source: Text = _DEFAULT_SOURCE) -> PortalDash:
    """Serve the dashboards at `/dashboards/`. The portal's own pages must be installed already.

    Args:
        app: the portal.
        map_source: where the boundaries are from, printed under every map.
    """
    # A blueprint only for its templates.
    app.register_blueprint(Blueprint("dashboards", __name__, template_folder="templates"))
    guard.install(app)
    assets_cache.install(app)
    dash = PortalDash(
        __name__,
        server=app,  # type: ignore[arg-type]  # Dash's annotation has forgotten the Flask app
        url_base_pathname=ROOT,
        assets_folder=str(FOLDER),
        assets_ignore=PLOTLY.replace(".", r"\."),  # fetched only where there is a chart: assets/10_first.js
        use_pages=False,  # its registry of pages is global to the process
        update_title="",
        suppress_callback_exceptions=True,  # what a page holds is not there before the page is
        enable_mcp=False,
    )
    views = [progress.make(), ranking.make(), on_map.make(map_source), differences.make()]
    dash.layout = skeleton
    routing.register(dash, [overview.make(views), *views])
    progress.register(dash)
    on_map.register(dash)
    app.extensions[guard.EXTENSION] = dash
    return dash
