"""The sheets and columns of a form as a workbook: which there are, and how a cell says what a form file says."""

import re
from dataclasses import dataclass

from portal.domain.careful_yaml import Plain, dump_line, load
from portal.domain.form_records import CELLS, CHANGE, COLUMN, FORM, INDICATOR, LINE, LINE_RULE, LIST, SECTION, TEXT
from portal.domain.record_kinds import AnyOf, Flag, Kind, Several, Whole, Word
from portal.domain.records import Field

TABLE, AXIS, DEPTH = "table", "axis", "depth"
ROW_AXIS, COLUMN_AXIS = "row", "column"
_SEPARATORS = re.compile(r"\s*[,，、]\s*")
_PLAIN_ITEM = re.compile(r"[^\s,，、\[\]{}\"'][^,，、\[\]{}\"'\n]*(?<!\s)|[^\s,，、\[\]{}\"']")
_FLAGS = {"true": True, "false": False, "是": True, "否": False, "1": True, "0": False}
_QUOTES = "\"'"


@dataclass(frozen=True)
class FormColumn:
    """A column of one of the sheets.

    Attributes:
        key: what the file calls it, which stands over the column; for the English of a text `name.en`.
        kind: of the value in a cell.
    """

    key: str
    kind: Kind

    @property
    def path(self) -> tuple[str, ...]:
        """Where in the record the cell's content stands."""
        return tuple(self.key.split("."))


@dataclass(frozen=True)
class FormSheet:
    """A sheet of the workbook: a record a row, its columns by key."""

    title: str
    columns: tuple[FormColumn, ...]

    @property
    def by_key(self) -> dict[str, FormColumn]:
        """The columns by what stands over them."""
        return {column.key: column for column in self.columns}


def _columns(table: tuple[Field, ...], *without: str) -> tuple[FormColumn, ...]:
    """A column for each field, two for a text."""
    found = []
    for each in table:
        if each.key not in without:
            is_text = each.kind is TEXT
            found.append(FormColumn(f"{each.key}.zh" if is_text else each.key, Word() if is_text else each.kind))
            if is_text:
                found.append(FormColumn(f"{each.key}.en", Word()))
    return tuple(found)


_OF_TABLE = FormColumn(TABLE, Word())

HEAD = FormSheet("报表", _columns(FORM.table, "sheets", "rules", "outline", "mapping"))
_OF_LIST = tuple(FormColumn(f"list.{each.key}", each.kind) for each in LIST.table if each.key != "columns")
SHEETS = FormSheet(
    "表", (FormColumn("code", Word()), *_columns((Field("name", TEXT),)), FormColumn("cells", CELLS), *_OF_LIST)
)
INDICATORS = FormSheet("指标", (_OF_TABLE, *_columns(INDICATOR.table)))
LINES = FormSheet(
    "行列", (_OF_TABLE, FormColumn(AXIS, Word()), FormColumn(DEPTH, Whole()), *_columns(LINE.table, "lines"))
)
LIST_COLUMNS = FormSheet("明细列", (_OF_TABLE, *_columns(COLUMN.table)))
RULES = FormSheet("规则", (_OF_TABLE, *_columns(LINE_RULE.table)))
OUTLINE = FormSheet("提纲", _columns(SECTION.table))
MAPPING = FormSheet("版本对应", _columns(CHANGE.table))
ALL = (HEAD, SHEETS, INDICATORS, LINES, LIST_COLUMNS, RULES, OUTLINE, MAPPING)


def cell_text(kind: Kind, content: Plain) -> str:
    """What a cell says for the content that a form file has; `parse_cell_text` gives the content back."""
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, str) and isinstance(kind, Word):
        plain = content and content == content.strip() and content[0] not in _QUOTES
        return content if plain and content.replace("\n", "").isprintable() else dump_line(content)
    if isinstance(content, list) and _is_words(kind):
        words = [str(item) for item in content]
        if words and all(_PLAIN_ITEM.fullmatch(word) and word.isprintable() for word in words):
            return "、".join(words)
    return str(content) if isinstance(content, str | int) else dump_line(content)


def parse_cell_text(kind: Kind, text: str) -> Plain:
    """The content of a form file that a cell means.

    Raises:
        ValueError: it cannot be read.
    """
    if isinstance(kind, Word):
        return _unquoted(text) if text[0] in _QUOTES else text
    if isinstance(kind, Flag):
        return _FLAGS.get(text.lower(), text)
    if isinstance(kind, Whole):
        return int(text) if text.isdecimal() else text
    if _is_words(kind) and not text.startswith("["):
        return list(_SEPARATORS.split(text.strip()))
    return _read_line(text) if text[:1] in "[{" else text


def _unquoted(text: str) -> str:
    """A text in quotes, which may hold what a cell cannot; a text that only begins with one is meant as it stands."""
    content = load(text).content
    return content if isinstance(content, str) else text


def _is_words(kind: Kind) -> bool:
    return isinstance(kind, AnyOf) or (isinstance(kind, Several) and isinstance(kind.kind, Word))


def _read_line(text: str) -> Plain:
    document = load(text)
    if document.problems:
        raise ValueError(document.problems[0][1].zh)
    return document.content
