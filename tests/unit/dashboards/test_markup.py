"""Folding the static parts of a page into HTML."""

import pytest
from dash import dcc, html

from dashboards.markup import Markup, folded, to_html


def test_texts_and_attributes_are_escaped() -> None:
    cell = html.Td('<script>alert(1)</script> & "', title='"><img src=x onerror=alert(1)>')
    assert to_html(cell) == (
        '<td title="&quot;&gt;&lt;img src=x onerror=alert(1)&gt;">&lt;script&gt;alert(1)&lt;/script&gt; &amp; "</td>'
    )


def test_names_of_attributes_are_those_of_html() -> None:
    label = html.Label("单位", htmlFor="u", className="small", **{"aria-label": "选"})
    assert to_html(label) == '<label class="small" for="u" aria-label="选">单位</label>'
    assert to_html(html.Th("x", colSpan=3)) == '<th colspan="3">x</th>'


def test_flags_and_empty_elements() -> None:
    assert to_html(html.Option("2023", value="2023", selected=True)) == '<option selected value="2023">2023</option>'
    assert to_html(html.Option("2022", value="2022", selected=False)) == '<option value="2022">2022</option>'
    assert to_html(dcc.Input(type="text", name="u", value="4")) == '<input value="4" type="text" name="u">'


def test_nothing_is_nothing() -> None:
    assert to_html(html.P(["a", None, 0])) == "<p>a0</p>"


def test_a_style_attribute_is_refused() -> None:
    with pytest.raises(ValueError, match="use a class"):
        to_html(html.P(style={"color": "red"}))


def test_a_page_without_charts_is_one_piece() -> None:
    assert [each.markup for each in folded([html.H1("甲"), None, html.P("乙")])] == ["<h1>甲</h1><p>乙</p>"]


def test_charts_stay_components_and_figcaptions_children_of_their_figure() -> None:
    graph = dcc.Graph(id="g", figure={})
    before, figure, after = folded(
        [html.H1("甲"), html.Figure([graph, html.Figcaption(["乙", html.B("丙")])]), html.P("丁")]
    )
    assert (before.markup, after.markup) == ("<h1>甲</h1>", "<p>丁</p>")
    assert figure.children[0] is graph
    assert isinstance(figure.children[1], html.Figcaption)
    assert [each.markup for each in figure.children[1].children] == ["乙<b>丙</b>"]


def test_markup_is_a_component_of_its_own_namespace() -> None:
    assert Markup("<p>").to_plotly_json() == {
        "props": {"markup": "<p>"},
        "type": "Markup",
        "namespace": "huizong_markup",
    }
