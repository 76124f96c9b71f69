"""What an .xlsx says of itself outside its cells: sheets, constants, properties, shared texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from importers import limits
from importers.cell_values import LONGEST_TEXT, unescaped
from importers.workbook import Comment, Visibility, comment_text, parse_address
from portal.errors import WorkbookUnreadable


@dataclass(frozen=True)
class SheetEntry:
    """A sheet as the workbook part lists it; `relation` leads to its part."""

    name: str
    visibility: Visibility
    relation: str


@dataclass
class WorkbookPart:
    """Hears workbook.xml."""

    sheets: list[SheetEntry] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)
    epoch_1904: bool = False
    _name: str | None = None
    _text: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Note a sheet, a defined name, or the date system."""
        if name == "sheet":
            self._add_sheet(attributes)
        elif name == "definedName":
            self._name, self._text = attributes.get("name", ""), []
        elif name == "workbookPr":
            self.epoch_1904 = attributes.get("date1904") in {"1", "true"}

    def _add_sheet(self, attributes: Mapping[str, str]) -> None:
        title = unescaped(attributes.get("name", ""))
        if len(self.sheets) >= limits.MAX_SHEETS:
            raise WorkbookUnreadable("too_many_sheets")
        if any(sheet.name.casefold() == title.casefold() for sheet in self.sheets):
            raise WorkbookUnreadable("duplicate_sheet_name", title)
        state = attributes.get("state", "visible")
        visibility = Visibility(state) if state in set(Visibility) else Visibility.VISIBLE
        self.sheets.append(SheetEntry(title, visibility, attributes.get("id", "")))

    def end(self, name: str) -> None:
        """A defined name is complete."""
        if name != "definedName" or self._name is None:
            return
        if len(self.constants) >= limits.MAX_NAMES:
            raise WorkbookUnreadable("too_many_names")
        formula = "".join(self._text).strip()
        if formula.startswith('"') and formula.endswith('"'):
            self.constants[self._name] = formula[1:-1]
        self._name = None

    def text(self, content: str) -> None:
        """A part of a defined name's formula."""
        if self._name is not None and len(self._text) < limits.MAX_FORMAT_CODE:
            self._text.append(content)


@dataclass
class SharedTexts:
    """Hears sharedStrings.xml: rich text is put together, reading aids (pinyin) are left out."""

    found: list[str] = field(default_factory=list)
    _pieces: list[str] = field(default_factory=list)
    _length: int = 0
    _in_text: bool = False
    _in_aid: bool = False

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        """A text, a piece of one, or a reading aid begins."""
        if name == "si":
            self._pieces, self._length = [], 0
        elif name == "t":
            self._in_text = not self._in_aid
        elif name == "rPh":
            self._in_aid = True

    def end(self, name: str) -> None:
        """A text is complete."""
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._in_aid = False
        elif name == "si":
            if len(self.found) >= limits.MAX_SHARED_TEXTS:
                raise WorkbookUnreadable("too_many_texts")
            self.found.append("".join(self._pieces))

    def text(self, content: str) -> None:
        """A piece of a text."""
        if self._in_text:
            self._length += len(content)
            if self._length > LONGEST_TEXT:
                raise WorkbookUnreadable("text_too_long")
            self._pieces.append(content)


@dataclass
class SheetComments:
    """Hears the comments of a sheet; one too long is cut short, since it is only pointed at."""

    found: list[Comment] = field(default_factory=list)
    _place: tuple[int, int] | None = None
    _pieces: list[str] = field(default_factory=list)
    _in_text: bool = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A comment, or a piece of its text, begins."""
        if name == "comment":
            full = len(self.found) >= limits.MAX_COMMENTS
            self._place, self._pieces = None if full else parse_address(attributes.get("ref", "")), []
        elif name == "t":
            self._in_text = True

    def end(self, name: str) -> None:
        """A comment is complete."""
        if name == "t":
            self._in_text = False
        elif name == "comment" and self._place is not None:
            self.found.append(Comment(*self._place, comment_text(unescaped("".join(self._pieces)))))
            self._place = None

    def text(self, content: str) -> None:
        """A piece of a text."""
        if self._in_text and self._place is not None and len(self._pieces) < limits.MAX_FORMAT_CODE:
            self._pieces.append(content[:LONGEST_TEXT])


_INSIDE = ("data source=$workbook$", "data model connection")
"""By what a connection says that it leads to a query or to the data model of the workbook itself."""


@dataclass
class Connections:
    """Hears connections.xml."""

    external: str = ""  # name of a connection that leads out of the workbook
    _name: str = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A connection, or what it leads to."""
        if name == "connection":
            self._name = unescaped(attributes.get("name", "")) or "?"
        elif name in {"dbPr", "webPr", "textPr"}:
            leads_to = attributes.get("connection", "").lower()
            if not any(words in leads_to for words in _INSIDE):
                self.external = self._name

    def end(self, _name: str) -> None:
        """Nothing waits for an element's end."""

    def text(self, _content: str) -> None:
        """Connections have no text."""


@dataclass
class CustomProperties:
    """Hears custom document properties; every kind of value is kept as text."""

    element: str = "property"  # `user-defined` in OpenDocument
    found: dict[str, str] = field(default_factory=dict)
    _name: str | None = None
    _pieces: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A property begins."""
        if name == self.element:
            self._name, self._pieces = attributes.get("name", ""), []

    def end(self, name: str) -> None:
        """A property is complete."""
        if name == self.element and self._name is not None and len(self.found) < limits.MAX_NAMES:
            self.found[self._name] = "".join(self._pieces).strip()
            self._name = None

    def text(self, content: str) -> None:
        """A piece of a value."""
        if self._name is not None:
            self._pieces.append(content)
