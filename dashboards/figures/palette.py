"""Colours of the charts, the same as in the portal's `tokens.css`, which a chart cannot read."""

INK = "#1a2633"
INK_SOFT = "#4a5867"
LINE = "#d3dae1"
LINE_STRONG = "#8593a1"
PAPER = "#ffffff"
HIGHLIGHT = "#c2410c"
FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, WenQuanYi Micro Hei, sans-serif"

# ColorBrewer's Blues, light to dark: told apart by readers with any colour vision, and in grey print. The style sheet
# has the same as .shade-0 to .shade-4, .shade-partial and .shade-none.
SEQUENTIAL = ("#deebf7", "#b3d3e8", "#74b2d7", "#3787c0", "#0f579f")
NO_FIGURE = PAPER
PARTIAL = "#e6ebf0"


def shades(count: int) -> tuple[int, ...]:
    """Which of the sequential shades `count` classes get: light to dark, spread over the whole range."""
    last = len(SEQUENTIAL) - 1
    if count == 1:
        return (last // 2,)
    return tuple(round(number * last / (count - 1)) for number in range(count))
