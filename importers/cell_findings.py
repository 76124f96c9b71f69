"""What can be wrong with one cell, in the submitter's words.

Two severities only: a cell that could not be understood blocks, a cell that was read in a way worth saying informs.
Nothing asks for an explanation here: what is explained must still be found once the figures are stored.
"""

from decimal import Decimal

from portal.domain.findings import Finding
from portal.domain.forms import Indicator, Severity, Text
from portal.domain.values import exact_text
from portal.domain.wording import label

ERROR_CAUSES = {
    "#REF!": Text("公式引用的单元格已被删除", "its formula refers to a deleted cell"),
    "#DIV/0!": Text("公式的除数是 0", "its formula divides by zero"),
    "#N/A": Text("公式没有查到值", "its formula found nothing"),
    "#NAME?": Text("公式中有不认识的名称", "its formula uses an unknown name"),
    "#VALUE!": Text("公式用文字做了计算", "its formula calculates with text"),
    "#NUM!": Text("公式的结果不是有效数字", "its formula gives no valid number"),
    "#NULL!": Text("公式引用的区域不相交", "its formula refers to ranges that do not meet"),
}
"""What went wrong, by the name of an error value, also where a program wrote it down as text."""

_TYPE_DIGITS = Text("请直接填写数字", "Type the figure itself")


def error_value(indicator: Indicator, found: str) -> Finding:
    """`#REF!` and its like."""
    cause = ERROR_CAUSES.get(found, Text("不是有效的数", "it is no valid number"))
    return _unread(
        indicator, "error_value", found, Text(f"是错误值：{cause.zh}", f"error value: {cause.en}"), _TYPE_DIGITS
    )


def no_cached_value(indicator: Indicator) -> Finding:
    """A formula that no spreadsheet program has computed yet."""
    message = Text("的公式没有计算结果", "its formula has not been computed")
    advice = Text(
        "请用 Excel 或 WPS 打开文件并保存一次，或直接填写数字",
        "Open and save the file once in Excel or WPS, or type the figure",
    )
    return _unread(indicator, "no_cached_value", "", message, advice)


def date_for_number(indicator: Indicator, found: str) -> Finding:
    """A date where a number should stand: spreadsheets turn 3-5 into the fifth of March."""
    message = Text(f"应填数字，表中是日期 {found}", f"a number is wanted, the cell holds the date {found}")
    advice = Text(
        "表格软件会把 3-5、3/5 之类自动变成日期；请把单元格格式改为“常规”后重新填写",
        "Spreadsheets turn 3-5 or 3/5 into a date; set the cell's format to General and type the figure again",
    )
    return _unread(indicator, "date_for_number", found, message, advice)


def not_a_number(indicator: Indicator, found: str) -> Finding:
    """Words, or digits in no known order."""
    message = Text(f"应填数字，表中是“{found}”", f'a number is wanted, the cell holds "{found}"')
    advice = Text(
        f"请填以{indicator.unit}计的数字；不适用的写“不适用”，约数写成“约3.7”",
        f"Enter a figure in {indicator.unit}; write 不适用 where it does not apply, 约3.7 for an approximate figure",
    )
    return _unread(indicator, "not_a_number", found, message, advice)


def not_a_date(indicator: Indicator, found: str) -> Finding:
    """A day that cannot be understood."""
    message = Text(f"应填日期，表中是“{found}”", f'a date is wanted, the cell holds "{found}"')
    return _unread(indicator, "not_a_date", found, message, Text("请写成 2023-12-31", "Write it as 2023-12-31"))


def unit_mismatch(indicator: Indicator, found: str) -> Finding:
    """A figure in a unit of measure that does not measure this indicator."""
    message = Text(
        f"以{indicator.unit}计，表中写的是“{found}”", f'is measured in {indicator.unit}, the cell says "{found}"'
    )
    advice = Text(f"请换算成以{indicator.unit}计的数字后填写", f"Convert the figure to {indicator.unit}")
    return _unread(indicator, "unit_mismatch", found, message, advice, expected=indicator.unit)


def scaled_format(indicator: Indicator, stored: str, number_format: str) -> Finding:
    """A cell that shows thousandths of what it stores, for an indicator counted in thousands itself."""
    message = Text(
        f"的单元格显示的是缩小后的数，实际存的是 {stored}，不能断定以{indicator.unit}计是多少",
        f"the cell shows a scaled figure but stores {stored}; what it is in {indicator.unit} cannot be told",
    )
    advice = Text(
        f"请把单元格格式改为“常规”，填以{indicator.unit}计的数字",
        f"Set the cell's format to General and enter the figure in {indicator.unit}",
    )
    return _unread(indicator, "scaled_format", f"{stored}（{number_format}）", message, advice)


def too_many_digits(indicator: Indicator, found: str) -> Finding:
    """A number of more than 15 digits, which the spreadsheet has rounded already."""
    message = Text(
        f"填的是 {found}，超过 15 位，表格软件已经改动了末尾的数字",
        f"{found} has more than 15 digits, the spreadsheet has changed the last ones",
    )
    advice = Text("这像是编号而不是数量，请核对", "This looks like an identifier, not a quantity; please check")
    return _unread(indicator, "too_many_digits", found, message, advice)


def almost_zero(indicator: Indicator, found: str) -> Finding:
    """What a formula leaves of two equal figures: shown as 0, but not 0."""
    message = Text(
        f"填的是 {found}，几乎是 0，多半是公式计算的余数",
        f"{found} is next to nothing, most likely what a formula left of equal figures",
    )
    return _unread(indicator, "almost_zero", found, message, Text("如果是 0，请填 0", "Enter 0 if it is 0"))


def converted(indicator: Indicator, found: str, number: str) -> Finding:
    """A figure read in another unit of measure than the indicator's."""
    message = Text(
        f"填的是“{found}”，按 {number} {indicator.unit}读取", f'"{found}" was read as {number} {indicator.unit}'
    )
    advice = Text("如不对，请改为不带单位的数字", "If that is wrong, enter the figure without a unit")
    return _said(indicator, "converted", found, message, advice, expected=number)


def below_one_percent(indicator: Indicator, number: Decimal) -> Finding:
    """0.956 for an indicator in per cent: most likely the share itself, which is 95.6 per cent."""
    found, share = exact_text(number), exact_text(number * 100)
    message = Text(f"填的是 {found}，按 {found}% 读取", f"{found} was read as {found}%")
    advice = Text(f"如果是 {share}%，请填 {share}", f"If {share}% is meant, enter {share}")
    return _said(indicator, "below_one_percent", found, message, advice, expected=f"{found}%")


def read_as(indicator: Indicator, found: str, answer: str) -> Finding:
    """A way of writing that was understood but is not the usual one."""
    message = Text(f"填的是“{found}”，按“{answer}”读取", f'"{found}" was read as "{answer}"')
    return _said(indicator, "read_as", found, message, Text(""), expected=answer)


def placeholder(indicator: Indicator, found: str) -> Finding:
    """A dash, a slash or 无, which may mean 0, not applicable or not known."""
    message = Text(
        f"填的是“{found}”，看不出是 0、不适用还是没有数",
        f'"{found}" does not tell 0 from not applicable or not known',
    )
    advice = Text(
        "有此项职责但没有发生的填 0，没有此项职责的写“不适用”",
        "Enter 0 if nothing happened, 不适用 if this is not among the unit's duties",
    )
    return _said(indicator, "placeholder", found, message, advice)


def external_formula(indicator: Indicator, found: str) -> Finding:
    """A figure computed from another file or program, taken as it was when the file was saved."""
    message = Text(
        f"的公式引用了其他文件或程序，按保存时的结果 {found} 读取",
        f"its formula reads another file or program; its result when saved, {found}, was taken",
    )
    return _said(indicator, "external_formula", found, message, Text("请直接填写数字", "Better type the figure itself"))


def _unread(indicator: Indicator, code: str, found: str, message: Text, advice: Text, expected: str = "") -> Finding:
    return _finding(Severity.BLOCKING, indicator, code, found, message, advice, expected)


def _said(indicator: Indicator, code: str, found: str, message: Text, advice: Text, expected: str = "") -> Finding:
    return _finding(Severity.INFO, indicator, code, found, message, advice, expected)


def _finding(
    severity: Severity, indicator: Indicator, code: str, found: str, message: Text, advice: Text, expected: str
) -> Finding:
    name = label(indicator)
    join = "" if message.zh.startswith("的") else " "
    return Finding(
        code=code,
        severity=severity,
        message=Text(f"{name.zh}{join}{message.zh}", f"{name.en}: {message.en}"),
        indicator=indicator.code,
        found=found,
        expected=expected,
        advice=advice,
    )
