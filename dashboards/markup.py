"""What never changes on a page is sent as one piece of HTML instead of a tree of components.

Dash mounts every component of a layout by itself. A ranking of 120 units (1,700 elements) took more than fifteen
seconds to appear that way, on two busy cores; as HTML the whole page takes under two. Pages are still written with
`dash.html`; the router folds all of it but the charts.
"""

from collections.abc import Iterable
from html import escape
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

_LIVE = (dcc.Graph,)
_KEPT = (html.Figcaption,)  # must stay a direct child of its figure
_EMPTY_ELEMENTS = frozenset({"input", "br", "hr", "img", "col"})
_NAMES = {"className": "class", "htmlFor": "for"}


class Markup(Component):
    """HTML, put on the page as it is; drawn by `assets/15_markup.js`. Not from outside: its text is escaped here."""

    _children_props: list[str] = []  # noqa: RUF012 - as Dash's component classes have it
    _base_nodes: list[str] = []  # noqa: RUF012 - as Dash's component classes have it
    _namespace = "huizong_markup"
    _type = "Markup"
    _prop_names = ["markup"]  # noqa: RUF012 - as Dash's component classes have it
    available_properties = ["markup"]  # noqa: RUF012 - as Dash's component classes have it
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012 - as Dash's component classes have it
    available_wildcard_properties: list[str] = []  # noqa: RUF012 - as Dash's component classes have it

    def __init__(self, markup: str) -> None:
        super().__init__(markup=markup)  # type: ignore[no-untyped-call]  # Dash has no types here


def folded(children: Iterable[Any]) -> list[Component]:
    """The same page with everything static in one `Markup` between the live components."""
    result: list[Component] = []
    static: list[str] = []
    for child in children:
        if _static(child):
            static.append(to_html(child))
            continue
        if static:
            result.append(Markup("".join(static)))
            static = []
        result.append(_folded_below(child))
    return [*result, Markup("".join(static))] if static else result


def _folded_below(component: Component) -> Component:
    if not isinstance(component, _LIVE):
        component.children = folded(_children(component))
    return component


def _static(child: Any) -> bool:
    if isinstance(child, _LIVE + _KEPT):
        return False
    return not isinstance(child, Component) or all(_static(each) for each in _children(child))


def _children(component: Component) -> list[Any]:
    children = getattr(component, "children", None)
    if children is None:
        return []
    return list(children) if isinstance(children, list | tuple) else [children]


def to_html(child: Any) -> str:
    """A component, or a text, or nothing, as HTML; all text and attributes escaped."""
    if child is None:
        return ""
    if not isinstance(child, Component):
        return escape(str(child), quote=False)
    tag = child._type.lower()  # noqa: SLF001 - the element's name; Dash offers no other way to it
    properties = child.to_plotly_json()["props"]  # type: ignore[no-untyped-call]  # Dash has no types here
    attributes = "".join(_attribute(name, value) for name, value in properties.items() if name != "children")
    if tag in _EMPTY_ELEMENTS:
        return f"<{tag}{attributes}>"
    return f"<{tag}{attributes}>{''.join(to_html(each) for each in _children(child))}</{tag}>"


def _attribute(name: str, value: Any) -> str:
    """One attribute with a space before it. `style` is not among them: the content security policy forbids it."""
    if name == "style":
        raise ValueError("a style attribute would not be applied: use a class")
    if value is None or value is False:
        return ""
    attribute = _NAMES.get(name, name.lower())
    return f" {attribute}" if value is True else f' {attribute}="{escape(str(value))}"'
