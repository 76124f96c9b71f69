"""Days as people write them, `2024-3-5`, `2024年3月5日`, `二〇二四年三月五日`, and as serials of spreadsheets."""

import re
from datetime import date, timedelta
from decimal import Decimal

_DAY = re.compile(
    r"(\d{4})\s*(?:年|[-/.])\s*(\d{1,2})\s*(?:月|[-/.])\s*(\d{1,2})\s*[日号]?|(\d{4})(\d{2})(\d{2})", re.ASCII
)
_MIDNIGHT = re.compile(r"(?:T|\s+)0?0:00(?::00)?$", re.ASCII)  # what a program adds that writes a date as text
_DIGITS = {digit: str(number) for number, digit in enumerate("〇一二三四五六七八九")} | {"零": "0", "○": "0"}
_CHINESE_DAY = re.compile(
    rf"([{''.join(_DIGITS)}]{{4}})年([一二三四五六七八九十]{{1,3}})月([一二三四五六七八九十廿卅]{{1,3}})[日号]"
)
_FIRST_SERIAL, _LAST_SERIAL = 32_874, 73_051  # 1990-01-01 to 2100-01-01, in the 1900 system
_SERIAL_START = date(1899, 12, 30)


def read_day(text: str) -> date | None:
    """The day a tidied text names; None when it names none, or one the calendar does not have."""
    match = _DAY.fullmatch(_MIDNIGHT.sub("", text))
    if match is not None:
        parts = [int(part) for part in match.groups() if part is not None]
    elif chinese := _CHINESE_DAY.fullmatch(text.replace(" ", "")):
        year = "".join(_DIGITS[digit] for digit in chinese[1])
        parts = [int(year), _up_to_99(chinese[2]), _up_to_99(chinese[3])]
    else:
        return None
    try:
        return date(*parts)
    except ValueError:
        return None


def day_of_serial(number: Decimal) -> date | None:
    """The day behind a bare number: pasting values into a new book turns a date into its serial."""
    if _FIRST_SERIAL <= number < _LAST_SERIAL and number == number.to_integral_value():
        return _SERIAL_START + timedelta(days=int(number))
    return None


def _up_to_99(words: str) -> int:
    """The number of `三`, `十`, `十二`, `二十`, `三十一`, `廿五`; 0 for what is none."""
    words = words.replace("廿", "二十").replace("卅", "三十")
    tens, has_ten, ones = words.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        return 0
    ten = int(_DIGITS[tens]) if tens else 1
    return (ten * 10 if has_ten else 0) + (int(_DIGITS[ones]) if ones else 0)
