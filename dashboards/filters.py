"""What a dashboard is asked to show. All of it stands in the URL, so that a link shows the same to whoever may see it.

What the URL says is a request, not a right: an unknown word falls back to the default here, and which units the person
may see is decided where the rows are read.
"""

import re
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlencode

from portal.domain.periods import Period
from portal.domain.units import Level
from portal.errors import InvalidInput

_LONGEST_NAME = 40
_CODE = re.compile(r"[0-9A-Za-z_]{1,20}")
_SORT = re.compile(r"-?[a-z_]{1,20}")


class Basis(StrEnum):
    """Which submissions count."""

    APPROVED = "approved"  # 仅已审核
    PENDING = "pending"  # 含待审


class TreeChoice(StrEnum):
    """By which tree units are grouped."""

    REPORTED = "reported"  # 当时区划
    CURRENT = "current"  # 现行区划


class Whose(StrEnum):
    """Which figure of a unit is compared with those of others."""

    OWN = "own"  # 本级数
    TOTAL = "total"  # 全辖汇总数


class Against(StrEnum):
    """Which earlier period figures are compared with."""

    LAST_YEAR = "last_year"  # 上年同期
    PREVIOUS = "previous"  # 上期


class Among(StrEnum):
    """Of which units the totals of two periods are compared."""

    SAME = "same"  # 两期相同的单位
    ALL = "all"  # 各期报了的单位


class Show(StrEnum):
    """How the map page presents its figures."""

    MAP = "map"
    TABLE = "table"


@dataclass(frozen=True)
class Filters:
    """The state of a dashboard; an empty text stands for the default, which depends on who asks.

    Attributes:
        unit: code of the unit looked at, or its name as typed into the unit box.
        period: a period code.
        indicator: an indicator code.
        sort: column of a table, with `-` before it for downwards.
        level: level of the units compared; None for what suits the unit.
        whose: which of their figures is compared; None for what suits the indicator and the level.
        against: which earlier period is compared with; years only with the year before.
        among: whether totals are compared though other units reported then.
        late: show late units only.
    """

    unit: str = ""
    period: str = ""
    indicator: str = ""
    sort: str = ""
    basis: Basis = Basis.APPROVED
    tree: TreeChoice = TreeChoice.REPORTED
    level: Level | None = None
    whose: Whose | None = None
    show: Show = Show.MAP
    against: Against = Against.LAST_YEAR
    among: Among = Among.SAME
    late: bool = False

    @classmethod
    def parse(cls, search: str | None) -> Self:
        """Read the query part of a URL, with or without its question mark."""
        given = {key: values[-1] for key, values in parse_qs((search or "").removeprefix("?")).items()}
        return cls(
            unit=_first_word(given.get("u", "")),
            period=_period(given.get("y", "")),
            indicator=_match(_CODE, given.get("i", "")),
            sort=_match(_SORT, given.get("s", "")),
            basis=_word(Basis, given.get("b"), Basis.APPROVED),
            tree=_word(TreeChoice, given.get("t"), TreeChoice.REPORTED),
            level=_word(Level, given.get("l"), None),
            whose=_word(Whose, given.get("k"), None),
            show=_word(Show, given.get("v"), Show.MAP),
            against=_word(Against, given.get("c"), Against.LAST_YEAR),
            among=_word(Among, given.get("n"), Among.SAME),
            late=given.get("o") == "late",
        )

    def search(self) -> str:
        """The query part of the URL, with its question mark; what is at its default is left out."""
        said = {_LETTERS[name]: value for name, value in asdict(self).items() if value != _DEFAULTS[name]}
        if self.late:
            said[_LETTERS["late"]] = "late"
        return f"?{urlencode(said)}" if said else ""

    def but(self, **changes: Any) -> Self:
        """The same with some of it changed."""
        return replace(self, **changes)


_LETTERS = {
    "unit": "u",
    "period": "y",
    "indicator": "i",
    "sort": "s",
    "basis": "b",
    "tree": "t",
    "level": "l",
    "whose": "k",
    "show": "v",
    "against": "c",
    "among": "n",
    "late": "o",
}
_DEFAULTS = {field.name: field.default for field in fields(Filters)}

_W = TypeVar("_W", bound=StrEnum)
_D = TypeVar("_D")


def _word(kind: type[_W], text: str | None, default: _D) -> _W | _D:
    return kind(text) if text in set(kind) else default


def _match(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _first_word(text: str) -> str:
    """The unit box sends `441802 清城区`, of which the code is wanted."""
    words = text.split(maxsplit=1)
    return words[0][:_LONGEST_NAME].replace("\0", "") if words else ""


def _period(text: str) -> str:
    try:
        return str(Period.parse(text))
    except InvalidInput:
        return ""
