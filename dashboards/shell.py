"""The frame around the dashboards: the portal's own page, with Dash's program in it."""

from typing import Any

from dash import Dash, dcc, html
from dash.development.base_component import Component
from flask import render_template

from dashboards import ids
from dashboards.assets_cache import PLOTLY, asset_url
from dashboards.language import gettext as _
from portal.web.csp import csp_nonce

_READING = "…"
"""Stands where the page will be; the same in every language."""


class PortalDash(Dash):
    """Dash, drawing into the portal's page and signing its scripts with the page's nonce."""

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]  # Dash calls it with keywords only
        """The whole page as HTML."""
        signed = {name: _signed(str(part)) for name, part in parts.items()}
        return render_template(
            "dashboards.html",
            **signed | {"app_entry": signed["app_entry"].replace("Loading...", _READING)},
            plotly_url=asset_url(PLOTLY),
            heading=_("对比分析"),
            without_script=_("本页需要启用 JavaScript。"),
        )


def _signed(markup: str) -> str:
    return markup.replace("<script", f'<script nonce="{csp_nonce()}"')


def skeleton() -> Component:
    """What is there before the first answer; the router fills it."""
    return html.Div(
        [
            # callback-nav: a callback that changes the address changes the view, without loading a page.
            dcc.Location(id=ids.LOCATION, refresh="callback-nav"),
            html.Div(html.P(_READING, className="soft"), id=ids.CONTENT, className="dashboard"),
        ]
    )
