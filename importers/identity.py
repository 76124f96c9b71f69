"""Whose answers a workbook holds: unit, period, form and version, stamped in four ways so that any two may agree.

The visible line of every sheet, the hidden sheet `_meta`, the custom document properties and one defined name carry
the same identity with a check mark over it. A sheet copied into a new book keeps its line, a saved-as file the rest.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields

from portal.domain.forms import FormVersion, Text
from portal.domain.surroundings import ALONE, Surroundings
from portal.domain.units import Level
from portal.domain.values import Values

META_SHEET = "_meta"
CONSTANT_NAME = "huizong_identity"
PROPERTY_PREFIX = "huizong_"
GUIDE_SHEET = Text("填报说明", "How to fill in")
DEFINITIONS_SHEET = Text("指标解释", "Definitions")
RELATIONS_SHEET = Text("审核关系", "Relations")
FINDINGS_SHEET = Text("检查结果", "Findings")
SHEETS_WITHOUT_ANSWERS = frozenset(
    {
        META_SHEET,
        *(
            name
            for text in (GUIDE_SHEET, DEFINITIONS_SHEET, RELATIONS_SHEET, FINDINGS_SHEET)
            for name in (text.zh, text.en)
        ),
    }
)
_LINE_PART = re.compile(r"([^\s：:]+)\s*[：:]\s*([^\s：:　]+)")
_LABELS = {
    "单位代码": "unit",
    "报告期": "period",
    "模板版本": "version",
    "校验码": "mark",
    "Unit": "unit",
    "Period": "period",
    "Version": "version",
    "Check": "mark",
}
_VERSION = re.compile(r"([A-Z][A-Z0-9_]*)-(\d{1,6})", re.ASCII)


@dataclass(frozen=True)
class UnitName:
    """A reporting unit, as much of it as a workbook shows and a check needs."""

    code: str
    name: str
    level: Level


@dataclass(frozen=True)
class Identity:
    """Form and version, unit and period a workbook answers; period as its code."""

    form: str
    version: int
    unit: str
    period: str


@dataclass(frozen=True)
class Expected:
    """What the person who uploads has chosen; empty where nothing was chosen."""

    form: str = ""
    unit: str = ""
    period: str = ""
    version: int = 0


@dataclass(frozen=True)
class Context:
    """What is known of the unit whose answers are read.

    Attributes:
        last_year: accepted values of the same period a year ago, if there are any.
        previous: accepted values of the period right before, if there are any.
        around: what else a check looks at.
        form: as the unit answers it, with what was added to it; None if it does not answer that version.
    """

    unit: UnitName
    last_year: Values | None = None
    previous: Values | None = None
    around: Surroundings = ALONE
    form: FormVersion | None = None


@dataclass(frozen=True)
class Stamp:
    """An identity as found in one place, texts as they stand there; empty where the place does not say.

    Attributes:
        place: where it was found: the sheet of a visible line, or `_meta`, `properties`, `name`.
        mark: the check mark beside it.
    """

    place: str
    form: str = ""
    version: str = ""
    unit: str = ""
    period: str = ""
    mark: str = ""

    def says(self) -> bool:
        """Whether it says anything at all."""
        return any((self.form, self.version, self.unit, self.period))


def check_mark(form: FormVersion, identity: Identity) -> str:
    """Eight hexadecimal digits over the identity and the form's indicator codes, written `3F9A-2C71`.

    What units added to the form is left out: a template holds when another indicator joins.
    """
    codes = (each.code for each in form if not each.added_by)
    stamped = "|".join((identity.form, str(identity.version), identity.unit, identity.period, *codes))
    digits = hashlib.sha256(stamped.encode()).hexdigest()[:8].upper()
    return f"{digits[:4]}-{digits[4:]}"


def visible_line(identity: Identity, sheet_code: str, mark: str) -> Text:
    """The line that stands in every sheet."""
    unit, period, version = identity.unit, identity.period, f"{identity.form}-{identity.version}"
    return Text(
        f"单位代码：{unit}　报告期：{period}　表号：{sheet_code}　模板版本：{version}　校验码：{mark}",
        f"Unit: {unit}  Period: {period}  Table: {sheet_code}  Version: {version}  Check: {mark}",
    )


def hidden_pairs(identity: Identity, mark: str) -> dict[str, str]:
    """What the hidden sheet and the document properties hold."""
    return {
        "form": identity.form,
        "version": str(identity.version),
        "unit": identity.unit,
        "period": identity.period,
        "mark": mark,
    }


def constant(identity: Identity, mark: str) -> str:
    """What the defined name stands for."""
    return "|".join(hidden_pairs(identity, mark).values())


def stamp_of_line(place: str, texts: Iterable[str]) -> Stamp | None:
    """The stamp in the texts of one row, if they are an identity line."""
    found: dict[str, str] = {}
    for text in texts:
        for label, content in _LINE_PART.findall(text):
            if label in _LABELS:
                found[_LABELS[label]] = content
    if "unit" not in found or not {"version", "period"} & found.keys():
        return None
    version = _VERSION.fullmatch(found.pop("version", ""))
    if version:
        found |= {"form": version[1], "version": version[2]}
    return Stamp(place, **found)


def stamp_of_pairs(place: str, pairs: dict[str, str]) -> Stamp:
    """The stamp in named texts."""
    known = {field.name for field in fields(Stamp)} - {"place"}
    return Stamp(place, **{name: text for name, text in pairs.items() if name in known})


def stamp_of_constant(text: str) -> Stamp:
    """The stamp in the defined name."""
    names = ("form", "version", "unit", "period", "mark")
    return stamp_of_pairs("name", dict(zip(names, text.split("|"), strict=False)))
