"""What the dashboards' own choices are called on screen."""

from flask_babel.speaklater import LazyString

from dashboards.filters import Against, Among, Basis, TreeChoice, Whose
from dashboards.language import lazy_gettext as _
from dashboards.standings import UnitFigure
from portal.domain.forms import Direction
from portal.domain.values import ValueStatus

BASES: dict[Basis, LazyString] = {
    Basis.APPROVED: _("仅已验收"),
    Basis.PENDING: _("含待审"),
}
TREES: dict[TreeChoice, LazyString] = {
    TreeChoice.REPORTED: _("当时区划"),
    TreeChoice.CURRENT: _("现行区划"),
}
WHOSE: dict[Whose, LazyString] = {
    Whose.OWN: _("本级数"),
    Whose.TOTAL: _("全辖汇总数"),
}
AGAINST: dict[Against, LazyString] = {
    Against.LAST_YEAR: _("上年同期"),
    Against.PREVIOUS: _("上期"),
}
AMONG: dict[Among, LazyString] = {
    Among.SAME: _("相同单位"),
    Among.ALL: _("全部单位"),
}
DIRECTIONS: dict[Direction, LazyString] = {
    Direction.HIGHER: _("数值越大越好，按从大到小排"),
    Direction.LOWER: _("数值越小越好，按从小到大排"),
    Direction.NEUTRAL: _("不分优劣，仅按大小排列"),
}
TORN = _("拆分，不可比")
_WITHOUT: dict[ValueStatus, LazyString] = {
    ValueStatus.MISSING: _("未报"),
    ValueStatus.NOT_APPLICABLE: _("不适用"),
    ValueStatus.REPORTED: _("部分"),
}


def without(figure: UnitFigure) -> str:
    """Why a unit is not ranked."""
    return str(TORN if figure.torn else _WITHOUT[figure.status])
