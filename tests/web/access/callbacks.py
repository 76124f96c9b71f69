"""The callbacks of the dashboards: what each is sent, by `output <- inputs; states`."""

from collections.abc import Iterator
from typing import Any

from flask import Flask

ROUTER = "content.children <- location.pathname, location.search"
_DRILL = "location.search <- {}.clickData; location.search"

DRILLS = (_DRILL.format("progress-bars"), _DRILL.format("map"))
CALLBACKS = (ROUTER, *DRILLS)
"""Every callback; the router makes whole pages, the others only lead to an address."""

PAGES = ("", "progress", "ranking", "map", "differences")
"""What the router shows, below `/dashboards/`."""


def outputs(app: Flask) -> dict[str, str]:
    """The output of every callback that the application has, as Dash calls it, by the callback's name."""
    return dict(_named_outputs(app))


def _named_outputs(app: Flask) -> Iterator[tuple[str, str]]:
    for output, callback in app.extensions["dashboards"].callback_map.items():
        inputs, states = (
            ", ".join(f"{each['id']}.{each['property']}" for each in callback[kind]) for kind in ("inputs", "state")
        )
        yield f"{output.partition('@')[0]} <- {inputs}" + (f"; {states}" if states else ""), output


def callback_body(name: str, where: str, search: str, *, output: str = "") -> dict[str, Any]:
    """The request of a callback, as the browser sends it.

    Args:
        name: of the callback.
        where: the page (for the router), or the unit that was clicked.
        search: the parameters of the page's address.
        output: as Dash calls it, where that is not as in the name (`outputs`).
    """
    target, _arrow, sources = name.partition(" <- ")
    inputs, _semicolon, states = sources.partition("; ")
    values = {
        "location.pathname": f"/dashboards/{where}",
        "location.search": search,
        "progress-bars.clickData": {"points": [{"customdata": [where]}]},
        "map.clickData": {"points": [{"customdata": [where]}]},
    }

    def properties(listed: str) -> list[dict[str, Any]]:
        pairs = [(each, *each.split(".")) for each in listed.split(", ") if each]
        return [{"id": id_, "property": property_, "value": values[each]} for each, id_, property_ in pairs]

    output_id, output_property = (output or target).split(".")
    return {
        "output": output or target,
        "outputs": {"id": output_id, "property": output_property},
        "inputs": properties(inputs),
        "changedPropIds": [inputs.split(", ")[0]],
        **({"state": properties(states)} if states else {}),
    }
