"""Checks of one figure against others of its kind: a district's usual, last year's, its peers'."""

from collections.abc import Iterable
from decimal import Decimal

from portal.domain.findings import Finding
from portal.domain.forms import DataType, FormVersion, Indicator, Severity, Text
from portal.domain.surroundings import LEAST_PEERS, Spread
from portal.domain.units import Level
from portal.domain.values import MISSING, Value, Values, exact_text, rounded
from portal.domain.wording import JUST_CONFIRMED, label, minus, shown

_SMALL_COUNT = 10
"""Counts below this on both sides are not compared with last year."""

_LEAST_CELLS = 5
"""Fewer figures than this may well all be last year's."""

_DIGIT = (Decimal("9.5"), Decimal("10.5"))
"""A figure this many times another most likely has one digit too many."""

_NEAR = 9
"""A figure less than this many times another is no slip beside it."""

_WAN = (Decimal(5_000), Decimal(20_000))
"""A figure this many times another most likely is in 元 where 万元 is asked, or the like."""


def compared(
    indicator: Indicator, level: Level, value: Value, last_year: Value, peers: Spread | None
) -> Iterable[Finding | None]:
    """Every comparison of a figure; what nobody types is held against its peers only."""
    usual = peers if peers is not None and peers.peers >= LEAST_PEERS else None
    if indicator.typed:
        yield implausibly_large(indicator, level, value)
        yield magnitude_slip(indicator, value, last_year, usual) or yoy_change(indicator, value, last_year)
    yield outlier(indicator, value, usual)


def surely_usual(indicator: Indicator, now: Decimal, before: Decimal | None) -> bool:
    """Whether `compared` has nothing to say of a figure beside last year's, seen at once because it is near it.

    Asked of what is within its bounds and has no peers to be held against, as nearly every figure is.
    """
    if before is None or now == before:
        return True
    larger, smaller = abs(now), abs(before)
    if larger < smaller:
        larger, smaller = smaller, larger
    limit = indicator.change_explain_percent
    return larger < _NEAR * smaller and (limit is None or abs(now - before) * 100 < limit * abs(before))


def implausibly_large(indicator: Indicator, level: Level, value: Value) -> Finding | None:
    """A figure larger than one district is expected to have."""
    limit = indicator.plausible_maximum
    if level is not Level.DISTRICT or value.number is None or limit is None or value.number <= limit:
        return None
    name, unit = label(indicator), indicator.unit
    return Finding(
        code="implausibly_large",
        severity=Severity.EXPLAIN,
        message=Text(
            f"{name.zh} 填报 {shown(value.number)}{unit}，一般不超过 {shown(limit)}{unit}",
            f"{name.en}: reported {shown(value.number)}, rarely above {shown(limit)} ({unit})",
        ),
        indicator=indicator.code,
        found=exact_text(value.number),
        expected=f"≤{exact_text(limit)}",
        difference=minus(value.number, limit),
        advice=Text(
            f"疑似计量单位填错（本指标以{unit}计），请核对；无误的请说明，{JUST_CONFIRMED.zh}",
            f"Perhaps the wrong unit of measure (it is {unit} here); if it is right, explain. {JUST_CONFIRMED.en}",
        ),
    )


def magnitude_slip(indicator: Indicator, value: Value, last_year: Value, peers: Spread | None) -> Finding | None:
    """A figure about ten, or ten thousand, times last year's, or the other way round.

    Without a figure of last year the peers' median is looked at, for the unit of measure alone: ten times as much as
    others is nothing unusual.
    """
    now, before = value.number, last_year.number
    if now is None:
        return None
    if before is not None:
        small = indicator.type is DataType.COUNT and min(abs(now), abs(before)) < _SMALL_COUNT
        spans = (_WAN,) if small else (_WAN, _DIGIT)
        return _slip(indicator, now, before, spans, Text("上年", "last year"), f"LY({indicator.code})")
    if peers is not None:
        beside = Text(f"同级 {peers.peers} 个单位的中位数", f"median of {peers.peers} units of its level")
        return _slip(indicator, now, peers.median, (_WAN,), beside, f"PEERS({indicator.code})")
    return None


def _slip(
    indicator: Indicator,
    now: Decimal,
    before: Decimal,
    spans: tuple[tuple[Decimal, Decimal], ...],
    beside: Text,
    operand: str,
) -> Finding | None:
    low, high = sorted((abs(now), abs(before)))
    span = next((span for span in spans if low and span[0] <= high / low <= span[1]), None)
    if span is None:
        return None
    name, unit = label(indicator), indicator.unit
    times = "10⁴" if span is _WAN else "10"
    ratio = (
        Text(f"约为其 {times} 倍", f"about {times} times as much")
        if abs(now) == high
        else Text(f"约为其 {times} 分之一", f"about 1/{times} of it")
    )
    doubt = (
        Text(f"疑似计量单位填错（本指标以{unit}计）", f"Perhaps the wrong unit of measure (it is {unit} here)")
        if span is _WAN
        else Text("疑似多写或少写了一位数", "Perhaps a digit too many or too few")
    )
    return Finding(
        code="magnitude_slip",
        severity=Severity.EXPLAIN,
        message=Text(
            f"{name.zh} 填报 {shown(now)}，{beside.zh} {shown(before)}，{ratio.zh}",
            f"{name.en}: reported {shown(now)}, {beside.en} {shown(before)}: {ratio.en}",
        ),
        indicator=indicator.code,
        found=exact_text(now),
        expected=f"≈{exact_text(before)}",
        difference=minus(now, before),
        advice=Text(
            f"{doubt.zh}，请核对；无误的请说明，{JUST_CONFIRMED.zh}",
            f"{doubt.en}; if it is right, explain. {JUST_CONFIRMED.en}",
        ),
        operands={indicator.code: exact_text(now), operand: exact_text(before)},
    )


def yoy_change(indicator: Indicator, value: Value, last_year: Value) -> Finding | None:
    """A change on last year as large as the form wants explained.

    Not asked when there is no figure of last year, or when both counts are small; always asked when last year was 0 and
    this year is not.
    """
    limit, now, before = indicator.change_explain_percent, value.number, last_year.number
    if limit is None or now is None or before is None or now == before:
        return None
    small = indicator.type is DataType.COUNT and max(abs(now), abs(before)) < _SMALL_COUNT
    if before and (small or abs(now - before) * 100 < limit * abs(before)):
        return None
    return Finding(
        code="yoy_change",
        severity=Severity.EXPLAIN,
        message=_change(indicator, now, before),
        indicator=indicator.code,
        found=exact_text(now),
        expected=f"≈{exact_text(before)}",
        difference=minus(now, before),
        advice=Text(
            f"请核对；无误的请说明增减原因，{JUST_CONFIRMED.zh}",
            f"Check the figure; if it is right, say what changed. {JUST_CONFIRMED.en}",
        ),
        operands={indicator.code: exact_text(now), f"LY({indicator.code})": exact_text(before)},
    )


def _change(indicator: Indicator, now: Decimal, before: Decimal) -> Text:
    name = label(indicator)
    zh, en = f"{name.zh} 本年 {shown(now)}，上年 {shown(before)}", f"{name.en}: {shown(now)}, last year {shown(before)}"
    if not before:
        return Text(f"{zh}，从无到有", f"{en}; there was none")
    percent = shown(abs(now - before) * 100 / abs(before))
    up = now > before
    return Text(f"{zh}，{'增加' if up else '减少'} {percent}%", f"{en}; {'up' if up else 'down'} {percent}%")


def outlier(indicator: Indicator, value: Value, peers: Spread | None) -> Finding | None:
    """A figure further from the median of at least five peers than the form thinks usual.

    Not asked where most peers agree: without any spread there is no measure of what is far.
    """
    limit, now = indicator.outlier, value.number
    if limit is None or now is None or peers is None or not peers.deviation:
        return None
    distance = abs(now - peers.median)
    if distance <= limit * peers.deviation:
        return None
    name, unit, median = label(indicator), indicator.unit, shown(peers.median)
    times = shown(rounded(distance / peers.deviation, 1))
    return Finding(
        code="outlier",
        severity=Severity.EXPLAIN,
        message=Text(
            f"{name.zh} 为 {shown(now)}{unit}，同级 {peers.peers} 个单位的中位数为 {median}{unit}，"
            f"偏离 {times} 倍中位差",
            f"{name.en}: {shown(now)}, median of {peers.peers} units of its level {median} ({unit}), "
            f"{times} median deviations away",
        ),
        indicator=indicator.code,
        found=exact_text(now),
        expected=f"≈{exact_text(peers.median)}",
        difference=minus(now, peers.median),
        advice=Text(
            f"请核对口径和计量单位；无误的请说明，{JUST_CONFIRMED.zh}",
            f"Check definition and unit of measure; if it is right, explain. {JUST_CONFIRMED.en}",
        ),
        operands={indicator.code: exact_text(now), f"PEERS({indicator.code})": exact_text(peers.median)},
    )


def unchanged(form: FormVersion, values: Values, last_year: Values) -> Finding | None:
    """Figures that are last year's in every cell were perhaps copied; said once, at the first of them.

    Cells that a unit added to the form neither make them all equal nor different.
    """
    figures = {
        indicator.code: number
        for indicator in form
        if indicator.typed
        and not indicator.added_by
        and (number := values.get(indicator.code, MISSING).number) is not None
    }
    same = all(last_year.get(code, MISSING).number == number for code, number in figures.items())
    if len(figures) < _LEAST_CELLS or not same:
        return None
    return Finding(
        code="same_as_last_year",
        severity=Severity.EXPLAIN,
        message=Text(
            f"全部 {len(figures)} 个数与上年完全相同", f"All {len(figures)} figures are exactly those of last year"
        ),
        indicator=next(iter(figures)),
        advice=Text(
            f"请核对是否照抄上年数；确实没有变化的请说明，{JUST_CONFIRMED.zh}",
            f"Were they copied? If nothing has changed indeed, explain. {JUST_CONFIRMED.en}",
        ),
    )
