"""The state of a dashboard in its URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.filters import Basis, Filters, Show, TreeChoice, Whose
from portal.domain.units import Level


def test_everything_in_the_url_comes_back() -> None:
    search = "?u=440000&y=2023&i=FZ0501&s=-value&b=pending&t=current&l=city&k=own&v=table&o=late"
    filters = Filters.parse(search)
    assert filters == Filters(
        unit="440000",
        period="2023",
        indicator="FZ0501",
        sort="-value",
        basis=Basis.PENDING,
        tree=TreeChoice.CURRENT,
        level=Level.CITY,
        whose=Whose.OWN,
        show=Show.TABLE,
        late=True,
    )
    assert Filters.parse(filters.search()) == filters


def test_defaults_are_left_out() -> None:
    assert Filters().search() == ""
    assert Filters(unit="440000").search() == "?u=440000"


@pytest.mark.parametrize("search", ["", None, "?", "?y=99&b=all&l=planet&v=3d&i=;drop&s=x y&o=1&k=mine&t=old"])
def test_what_is_not_understood_is_not_asked(search: str | None) -> None:
    assert Filters.parse(search) == Filters()


def test_the_unit_box_sends_code_and_name() -> None:
    assert Filters.parse("?u=441802+清城区民政局").unit == "441802"
    assert Filters.parse("?u=清城").unit == "清城"


@given(st.text(max_size=60))
def test_no_url_is_a_mistake(search: str) -> None:
    filters = Filters.parse(search)
    assert Filters.parse(filters.search()) == filters
