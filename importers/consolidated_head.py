"""The head of a consolidated workbook's sheets, as it is written and as it is found again."""

from importers.measures import tidy
from portal.domain.forms import FormVersion, Indicator, Sheet, Text

FIRST_COLUMN = 4
"""Number of the first indicator's column."""

GROUP_ROW = 5
CODES_ROW = 8
UNIT_CODE = Text("单位代码", "Unit code")
UNIT_NAME = Text("单位名称", "Unit")
STANDING = Text("状态", "State")
WORDS = (UNIT_CODE, UNIT_NAME, STANDING)
HEADS = tuple(
    (Text(""), Text(""), head)
    for head in (Text("所属", "Part of"), Text("指标名称", "Indicator"), Text("计量单位", "Unit of measure"))
)
"""What stands before the indicators' groups, names and units of measure."""


def shown_group(form: FormVersion, sheet: Sheet, indicator: Indicator) -> Text:
    """What stands over an indicator's name: the row of a cross table, or the indicator it is a part of."""
    if sheet.cross is None:
        parent = form.by_code.get(indicator.parent)
        return parent.name if parent else Text("")
    crossing = sheet.cross.crossings[sheet.indicators.index(indicator)]
    return crossing[0].name


def is_word(text: str, word: Text) -> bool:
    """Whether a cell says this word of the head, in either language."""
    found = tidy(text).replace(" ", "").lower()
    return found in {word.zh, word.en.replace(" ", "").lower()}
