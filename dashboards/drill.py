"""Going down to a unit by clicking it in a chart."""

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from dashboards import ids
from dashboards.filters import Filters


def register(app: Dash, graph_id: str) -> None:
    """Let a click on a unit in the graph change the address; the router does the rest."""

    @app.callback(
        Output(ids.LOCATION, "search", allow_duplicate=True),
        Input(graph_id, "clickData"),
        State(ids.LOCATION, "search"),
        prevent_initial_call=True,
    )
    def go_down(click: object, search: object) -> str:
        return drilled(click, str(search or ""))


def drilled(click: object, search: str | None) -> str:
    """The query part of the address after a click; the unit's code is the first of the point's `customdata`.

    Raises:
        PreventUpdate: the click was on nothing, or on the unit looked at.
    """
    match click:
        case {"points": [{"customdata": [str(code), *_]}, *_]}:
            pass
        case _:
            raise PreventUpdate
    filters = Filters.parse(search)
    if not code or code == filters.unit:
        raise PreventUpdate
    return filters.but(unit=code, level=None, whose=None, sort="", late=False).search()
