"""What a page is about, made by hand: Guangdong with a city of two districts, and a city without any."""

from dashboards.context import Context
from dashboards.filters import Filters
from portal.domain.forms import Aggregation, AggregationKind, DataType, Direction, Indicator, Sheet, Text
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.units import Level, Place
from portal.queries.units import UnitRow

RATE = Indicator(
    code="T1",
    name=Text("合格率", "Pass rate"),
    unit="%",
    type=DataType.RATIO,
    aggregation=Aggregation(AggregationKind.RATIO_OF_SUMS),
    filled_by=frozenset(Level),
    decimals=1,
    direction=Direction.HIGHER,
)
COUNT = Indicator(
    code="T2",
    name=Text("件数"),
    unit="件",
    type=DataType.COUNT,
    aggregation=Aggregation(AggregationKind.SUM),
    filled_by=frozenset(Level),
)


def unit(code: str, name: str, level: Level, path: str, *, inner: bool = False) -> UnitRow:
    codes = path.split(".")
    parent = codes[-2] if len(codes) > 1 else ""
    return UnitRow(int(code), code, name, "", level, parent, path, 440000, len(codes) - 1, has_children=inner)


PROVINCE = unit("440000", "广东省民政厅", Level.PROVINCE, "440000", inner=True)
QINGYUAN = unit("441800", "清远市民政局", Level.CITY, "440000.441800", inner=True)
QINGCHENG = unit("441802", "清城区民政局", Level.DISTRICT, "440000.441800.441802")
QINGXIN = unit("441803", "清新区民政局", Level.DISTRICT, "440000.441800.441803")
DONGGUAN = unit("441900", "东莞市民政局", Level.UNDIVIDED_CITY, "440000.441900")
UNITS = (PROVINCE, QINGYUAN, QINGCHENG, QINGXIN, DONGGUAN)


def context(
    looked_at: UnitRow = PROVINCE,
    *,
    filters: Filters | None = None,
    acting: UnitRow = PROVINCE,
    indicator: Indicator = RATE,
) -> Context:
    """A person of `acting` looking at a unit."""
    by_code = {each.code: each for each in UNITS}
    ancestors = tuple(by_code[code] for code in looked_at.path.split("."))
    place = Place(acting.id, acting.code, acting.name, acting.level, acting.path, acting.root_id)
    return Context(
        actor=Actor(1, "张三", place, frozenset()),
        filters=(filters or Filters()).but(unit=looked_at.code, period="2023", indicator=indicator.code),
        unit=looked_at,
        ancestors=ancestors,
        reachable=frozenset(each.code for each in ancestors if place.covers(each.path)),
        units=tuple(each for each in UNITS if place.covers(each.path)),
        period=Period(2023),
        periods=(Period(2023),),
        indicator=indicator,
        sheets=(Sheet("S", Text("第一表"), (RATE, COUNT)),),
        tree_period=Period(2023),
    )
