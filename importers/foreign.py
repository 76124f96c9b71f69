"""Sheets that are no template: what to ask about them, and how they are read once a person has answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from importers.extract import Extraction
from importers.foreign_layout import Figure, FigureKey, Layout
from importers.foreign_matching import Choices, Question, questions
from importers.identity import Identity
from importers.measures import conversion
from importers.tables import Column, Entry
from importers.workbook import CellKind, ReadCell
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion, Indicator, Severity, Text
from portal.domain.periods import Period
from portal.domain.units import Level

_BETWEEN = " › "
UNCONFIRMED = "layout_unconfirmed"
"""Why sheets that are no template are not read yet."""

UNCONFIRMED_WORDS = (
    Text(
        "这不是系统的模板，但里面有与指标相近的行和列",
        "This is no template of the portal, but its rows and columns resemble the indicators",
    ),
    Text(
        "请在这次上传的页面上逐项确认每个指标对应哪一格；确认一次，以后同样的表格直接读取",
        "Confirm on the page of the upload which cell answers which indicator; the same layout is then read at once",
    ),
)


@dataclass(frozen=True)
class Confirmed:
    """What was confirmed about a unit's own sheets.

    Attributes:
        fingerprint: of the layout that it was confirmed for.
        version: of the form then.
    """

    fingerprint: str
    version: int
    choices: Choices
    by: str
    at: datetime

    def holds_for(self, layout: Layout, form: FormVersion) -> bool:
        """Whether nothing needs to be asked any more."""
        return (self.fingerprint, self.version) == (layout.fingerprint, form.number)


FindConfirmed = Callable[[Identity, str], Confirmed | None]
"""Gives what was confirmed for a layout's fingerprint, or last for any layout of the unit and form."""


@dataclass(frozen=True)
class Asked:
    """What a person is asked before anything is read from a layout."""

    layout: Layout
    questions: tuple[Question, ...]

    @property
    def is_worth_while(self) -> bool:
        """Whether anything in the file is like anything that is asked."""
        return any(question.options or question.chosen is not None for question in self.questions)


def ask(layout: Layout, form: FormVersion, level: Level, period: Period, before: Confirmed | None) -> Asked:
    """What has to be confirmed; what was confirmed for an earlier layout is not asked again."""
    return Asked(layout, tuple(questions(layout, form, level, period, before.choices if before else None)))


def extraction_of(layout: Layout, form: FormVersion, confirmed: Confirmed) -> Extraction:
    """The cells that answer indicators, exactly as confirmed for this very layout."""
    extraction = Extraction()
    for code, key in confirmed.choices.items():
        if key is not None and code in form.by_code and key in layout.by_key:
            extraction.entries[code] = _entry(form.by_code[code], layout.by_key[key])
    message = Text(
        f"这是本单位自用的表格，按 {confirmed.by} {confirmed.at:%Y-%m-%d} 确认的对应关系读取了 "
        f"{len(extraction.entries)} 项",
        f"This is the unit's own layout; {len(extraction.entries)} indicators were read as {confirmed.by} "
        f"confirmed on {confirmed.at:%Y-%m-%d}",
    )
    extraction.findings.append(Finding("read_as_confirmed", Severity.INFO, message))
    return extraction


def _entry(indicator: Indicator, figure: Figure) -> Entry:
    cells = {} if figure.cell is None else {Column.THIS_YEAR: figure.cell}
    unit = figure.unit or _unit_for(indicator, figure)
    if figure.cell is not None and unit:
        cells[Column.UNIT] = figure.cell._replace(
            kind=CellKind.TEXT, raw=unit, value=unit, has_formula=False, external=False
        )
    return Entry(figure.place, cells)


def _unit_for(indicator: Indicator, figure: Figure) -> str:
    """The one of the table's units that measures the indicator; if several do, all of them, which nobody can read."""
    return "、".join(unit for unit in figure.units if conversion(indicator, unit) is not None)


def asked_to_json(asked: Asked) -> dict[str, Any]:
    """The question as it is kept with the upload; an option is a position in `figures` and its likeness."""
    return {
        "fingerprint": asked.layout.fingerprint,
        "figures": [_figure_to_json(figure) for figure in asked.layout.figures],
        "questions": [
            {
                "indicator": question.indicator,
                "options": [[option.figure, option.likeness] for option in question.options],
                "chosen": question.chosen,
                "known": question.known,
            }
            for question in asked.questions
        ],
    }


def _figure_to_json(figure: Figure) -> dict[str, Any]:
    key = figure.key
    return {
        "key": key_to_json(key),
        "place": f"{figure.place.sheet}!{figure.place.address}",
        "row": _BETWEEN.join(key.row),
        "column": _BETWEEN.join(key.column),
        "unit": figure.unit or "、".join(figure.units),
        "shown": _shown(figure.cell),
    }


def _shown(cell: ReadCell | None) -> str:
    return "" if cell is None else str(cell.raw if cell.value is None else cell.value)[:60]


def key_to_json(key: FigureKey) -> dict[str, Any]:
    """A figure's name as it is stored."""
    return {"sheet": key.sheet, "row": list(key.row), "column": list(key.column), "nth": key.nth}


def choices_from_json(stored: Mapping[str, Any]) -> dict[str, FigureKey | None]:
    """What was confirmed, as `portal.services.layouts` stored it."""
    return {
        code: None if key is None else FigureKey(key["sheet"], tuple(key["row"]), tuple(key["column"]), key["nth"])
        for code, key in stored.items()
    }
