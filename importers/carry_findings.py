"""What there is to say when a template of an earlier version of the form was filled in."""

from collections.abc import Iterable, Sequence

from portal.domain.findings import Cell, Finding
from portal.domain.forms import FormVersion, Indicator, Severity, Text
from portal.domain.mapping import Term
from portal.domain.wording import label

Way = tuple[FormVersion, ...]


def older_version(way: Way, carried: int) -> Finding:
    """The file as a whole: it was made for an earlier version, and how much of it could be taken."""
    new, old = way[0].number, way[-1].number
    message = Text(
        f"这是第 {old} 版的模板，本期用第 {new} 版；已按版本对应关系读入 {carried} 项",
        f"This is the template of version {old}, version {new} is in use; {carried} answers were carried over",
    )
    advice = Text("下次请下载新模板填报", "Next time download the new template")
    return Finding("older_version", Severity.INFO, message, found=str(old), expected=str(new), advice=advice)


def moved(way: Way, code: str, parts: Sequence[Term]) -> Finding:
    """An indicator that had another code or unit of measure, or was several."""
    indicator, olds = way[0].indicator(code), [way[-1].indicator(part.code) for part in parts]
    name, found = label(indicator), _listed(olds)
    if len(olds) > 1:
        message = Text(
            f"{name.zh} 由第 {way[-1].number} 版的 {found.zh} 合并而来，按各项之和读取",
            f"{name.en}: the sum of {found.en} of version {way[-1].number} was taken",
        )
    else:
        scaled = "，已换算计量单位" if parts[0].factor != 1 else ""
        message = Text(
            f"{name.zh} 取自第 {way[-1].number} 版的 {found.zh}{scaled}",
            f"{name.en}: taken from {found.en} of version {way[-1].number}{', converted' if scaled else ''}",
        )
    return Finding("carried_over", Severity.INFO, message, indicator=code, found="、".join(o.code for o in olds))


def part_missing(way: Way, code: str, blank: Iterable[str]) -> Finding:
    """Indicators that became one, of which some were left blank, so that there is no sum."""
    name, missing = label(way[0].indicator(code)), _listed(way[-1].indicator(each) for each in blank)
    message = Text(
        f"{name.zh} 由几项合并而来，其中 {missing.zh} 没有填，不能相加",
        f"{name.en}: {missing.en} is blank, so that there is no sum",
    )
    advice = Text("请补填空白的一项，没有发生的填 0", "Fill in what is blank; enter 0 if nothing happened")
    return Finding("part_missing", Severity.BLOCKING, message, indicator=code, advice=advice)


def to_fill_in(way: Way, codes: Sequence[str]) -> Finding:
    """Indicators of which the earlier version tells nothing: new ones, and those that were split."""
    listed = _listed(way[0].indicator(code) for code in codes)
    message = Text(
        f"第 {way[-1].number} 版模板中没有、需要另外填报的 {len(codes)} 项：{listed.zh}",
        f"{len(codes)} indicators are not in the template of version {way[-1].number}: {listed.en}",
    )
    advice = Text("请在页面上补填，或下载新模板补填", "Fill them in on the page, or in the new template")
    return Finding("not_in_older_version", Severity.INFO, message, advice=advice)


def left_behind(way: Way, indicator: Indicator, place: Cell, found: str) -> Finding:
    """An answer to something that is no longer asked, or was split or changed, so that it answers nothing exactly."""
    name = label(indicator)
    message = Text(
        f"第 {way[-1].number} 版的 {indicator.code} {name.zh} 在第 {way[0].number} 版没有相同的指标，{found} 没有读取",
        f"{indicator.code} {name.en} of version {way[-1].number} is nothing in version {way[0].number}; "
        f"{found} was not read",
    )
    return Finding("left_behind", Severity.INFO, message, found=found, cell=place)


def _listed(indicators: Iterable[Indicator]) -> Text:
    named = [(indicator.code, label(indicator)) for indicator in indicators]
    return Text(
        "、".join(f"{code} {name.zh}" for code, name in named), ", ".join(f"{code} {name.en}" for code, name in named)
    )
