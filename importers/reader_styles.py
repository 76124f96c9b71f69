"""Number formats by style index: the only part of a file's looks that says what its figures mean."""

from collections.abc import Mapping

from importers import limits
from portal.errors import WorkbookUnreadable

# Formats a file names by number only (ECMA-376 part 1, 18.8.30), with the meaning of the Chinese locale for 27 to 36
# and 50 to 58.
BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    27: 'yyyy"年"m"月"',
    28: 'm"月"d"日"',
    29: 'm"月"d"日"',
    30: "m-d-yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    34: '上午/下午h"时"mm"分"',
    35: '上午/下午h"时"mm"分"ss"秒"',
    36: 'yyyy"年"m"月"',
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    50: 'yyyy"年"m"月"',
    51: 'm"月"d"日"',
    52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"',
    54: 'm"月"d"日"',
    55: '上午/下午h"时"mm"分"',
    56: '上午/下午h"时"mm"分"ss"秒"',
    57: 'yyyy"年"m"月"',
    58: 'm"月"d"日"',
}


class Styles:
    """Hears styles.xml; `format_of` then answers for the index in a cell's `s`."""

    def __init__(self) -> None:
        self._codes = dict(BUILT_IN)
        self._by_style: list[int] = []
        self._in_cell_styles = False

    def format_of(self, style: str | None) -> str:
        """The format code; `General` for a style the file does not define."""
        if style is None or not style.isdecimal() or int(style) >= len(self._by_style):
            return "General"
        return self._codes.get(self._by_style[int(style)], "General")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Note a format or a cell style."""
        if name == "cellXfs":
            self._in_cell_styles = True
        elif name == "xf" and self._in_cell_styles:
            if len(self._by_style) >= limits.MAX_STYLES:
                raise WorkbookUnreadable("too_many_styles")
            self._by_style.append(_number(attributes.get("numFmtId")))
        elif name == "numFmt" and len(self._codes) < limits.MAX_STYLES:
            self._codes[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")[
                : limits.MAX_FORMAT_CODE
            ]

    def end(self, name: str) -> None:
        """Leave the cell styles."""
        if name == "cellXfs":
            self._in_cell_styles = False

    def text(self, content: str) -> None:
        """Styles have no text."""


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 7 else 0  # noqa: PLR2004 (six digits)
