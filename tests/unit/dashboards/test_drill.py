"""Clicks in charts."""

import pytest
from dash.exceptions import PreventUpdate

from dashboards.drill import drilled


def test_a_click_goes_down_and_keeps_year_and_indicator() -> None:
    click = {"points": [{"customdata": ["441800", "清远市", "95%"]}]}
    assert drilled(click, "?u=440000&y=2023&i=FZ0501&l=city&s=-value&v=map") == "?u=441800&y=2023&i=FZ0501"


@pytest.mark.parametrize(
    "click",
    [None, {}, {"points": []}, {"points": [{}]}, {"points": [{"customdata": ["440000"]}]}, "441802", {"points": "x"}],
)
def test_a_click_on_nothing_new_changes_nothing(click) -> None:
    with pytest.raises(PreventUpdate):
        drilled(click, "?u=440000")
