"""From what a file stores to what it means: exact numbers, dates by their format, clean texts."""

import re
from datetime import datetime, timedelta
from decimal import Context, Decimal, InvalidOperation

from importers.workbook import CellKind, iso_text

LONGEST_TEXT = 32_767
_SPREADSHEET_DIGITS = Context(prec=15)
_EXACT_INTEGERS = 2**53
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\s*", re.ASCII)
_LONGEST_NUMBER = 400
_PLAIN_NUMBER = re.compile(r"-?(?:\d{1,15}|(?=[\d.]{3,16}$)\d+\.\d+)", re.ASCII)  # at most 15 digits: no noise in it
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
# C0 and C1 controls other than tab and line breaks, surrogates, and the marks that reorder text on screen.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LAST_SERIAL = 2_958_466  # 9999-12-31 is the day before, in the 1900 system
_OFFSET_1904 = 1462
_PHANTOM_DAY = 60  # 1900-02-29, a day spreadsheets believe in
_SCALING = re.compile(r"[0#?],+(?![0#?,])")
_EXTERNAL = re.compile(r"\[\d+\]|\[[^\]]*\.xl|\|", re.IGNORECASE)


def exact_number(stored: str) -> Decimal | None:
    """The number a spreadsheet shows for the stored digits, None when they are no finite number.

    Files hold binary doubles with up to 17 digits, so 0.1+0.2 is stored as 0.30000000000000004. A spreadsheet lets its
    user type and see 15 digits, hence a fraction is rounded to 15; whole numbers are exact in a double up to 2^53.
    """
    if _PLAIN_NUMBER.fullmatch(stored):
        return Decimal(stored) + 0
    if len(stored) > _LONGEST_NUMBER or _NUMBER.fullmatch(stored) is None:
        return None
    try:
        double = float(stored)
        number = Decimal(repr(double))
    except (OverflowError, InvalidOperation):
        return None
    if not number.is_finite():
        return None
    if abs(number) <= _EXACT_INTEGERS and number == number.to_integral_value():
        return number.to_integral_value() + 0
    return _SPREADSHEET_DIGITS.plus(number)


def clean_text(text: str) -> str:
    """The text without control characters and marks that reorder what is shown."""
    return _UNWANTED.sub("", text)


def unescaped(stored: str) -> str:
    """The clean text that an .xlsx stores: `_x0041_` in it is the letter A, and `_x005F_x0041_` is `_x0041_`.

    No other format has these escapes, and they are taken away once only: ECMA-376 part 1, 22.9.2.19.
    """
    if "_x" in stored:
        stored = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), stored)
    return clean_text(stored)


def escaped(text: str) -> str:
    """A clean text as an .xlsx is to store it, so that what looks like an escape in it stays as it is."""
    return _LOOKS_ESCAPED.sub("_x005F_", clean_text(text))


def number_or_date(stored: str, number_format: str, *, epoch_1904: bool) -> tuple[CellKind, Decimal | str | None]:
    """What a cell with a stored number holds, by its format.

    Returns:
        the kind and the value; a date out of the calendar has no value, and what is no finite number is an error.
    """
    number = exact_number(stored)
    if number is None:
        return CellKind.ERROR, None
    if not is_date_format(number_format):
        return CellKind.NUMBER, number
    return CellKind.DATE, _date_text(number, number_format, epoch_1904=epoch_1904)


def reads_elsewhere(formula: str) -> bool:
    """Whether a formula refers to another workbook or talks to another program (DDE)."""
    return _EXTERNAL.search(formula) is not None


def is_date_format(code: str) -> bool:
    """Whether a number format shows dates, times or durations: it has one of y m d h s outside literals."""
    if code.lower() in {"", "general", "@"}:
        return False
    return any(letter.lower() in "ymdhs" for letter in _format_letters(code))


def is_scaled_format(code: str) -> bool:
    """Whether a number format shows thousandths or less of what is stored: a comma after the last digit place."""
    return _SCALING.search("".join(_format_letters(code))) is not None


def is_percent_format(code: str) -> bool:
    """Whether a number format shows a hundredfold with a percent sign."""
    return "%" in _format_letters(code)


def _format_letters(code: str) -> list[str]:
    """The format's bare letters, without quoted or escaped literals, colours, locales and conditions."""
    letters: list[str] = []
    position = 0
    while position < len(code):
        character = code[position]
        if character == '"':
            end = code.find('"', position + 1)
            position = len(code) if end < 0 else end + 1
        elif character in "\\!_*":  # the next character is literal, padding or fill
            position += 2
        elif character == "[":
            end = code.find("]", position)
            inside = code[position + 1 : end if end > 0 else len(code)]
            if inside and not set(inside.lower()) - set("hms"):  # elapsed time: [h]:mm
                letters.append(inside[0])
            position = len(code) if end < 0 else end + 1
        else:
            letters.append(character)
            position += 1
    return letters


def _date_text(serial: Decimal, number_format: str, *, epoch_1904: bool) -> str | None:
    if "[" in number_format and any(mark in number_format.lower() for mark in ("[h", "[m", "[s")):
        return _duration_text(serial)
    if 0 <= serial < 1:
        return _duration_text(serial)
    if epoch_1904:
        serial += _OFFSET_1904
    if not 0 <= serial < _LAST_SERIAL or int(serial) == _PHANTOM_DAY:
        return None
    # Before the phantom day serials count from 1899-12-31, after it one day more has gone by.
    start = datetime(1899, 12, 31) if serial < _PHANTOM_DAY else datetime(1899, 12, 30)  # noqa: DTZ001 (a calendar day)
    seconds = round((serial - int(serial)) * 86_400)
    return iso_text(start + timedelta(days=int(serial), seconds=seconds))


def _duration_text(days: Decimal) -> str | None:
    if abs(days) > _LAST_SERIAL:
        return None
    minutes, seconds = divmod(round(abs(days) * 86_400), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{'-' if days < 0 else ''}{hours:02d}:{minutes:02d}:{seconds:02d}"
