"""What a unit adds to a form for itself and all below it: indicators, sections of the text, and rules of its own.

The form's publisher sets the core, which an addition leaves as it is: it appends to the core's sheets or brings sheets
of its own. What it asks is never required, and nothing found there weighs more than a question (核实). Its codes are in
the unit's own name space, `U441800_FZ_01`: `U`, the code of the unit, the code of the form, then capital letters and
digits. No other unit may use it, and no form may.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from portal.domain.careful_yaml import PlainPath
from portal.domain.form_checks import examine
from portal.domain.form_rules import Rule, Severity
from portal.domain.forms import FormVersion, Indicator, Section, Sheet, Text
from portal.domain.record_kinds import Mistakes

_CODE = re.compile(r"U[A-Z0-9]+_[A-Z][A-Z0-9_]*_[A-Z0-9]+", re.ASCII)
_UNIT = re.compile(r"[A-Za-z0-9]{1,20}", re.ASCII)
_RULE = re.compile(r"[A-Z0-9_-]{1,40}", re.ASCII)


@dataclass(frozen=True)
class Addition:
    """A published addition: it never changes; a later number takes its place in what is sent down from then on.

    Attributes:
        form: code of the form.
        version: the version of the form that it was written for; it goes with others that it fits.
        unit: code of the unit that adds it.
        sheets: its own, and under the codes of the form's what is appended to them. With nothing in it, an addition
            ends the one before it.
    """

    form: str
    version: int
    unit: str
    number: int
    name: Text
    sheets: tuple[Sheet, ...] = ()
    outline: tuple[Section, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def prefix(self) -> str:
        """What all of its codes begin with."""
        return f"U{self.unit.upper()}_{self.form}_"

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """All of them, in its own order."""
        return tuple(each for sheet in self.sheets for each in sheet.indicators)

    @property
    def is_empty(self) -> bool:
        """Whether it asks nothing."""
        return not (self.indicators or self.outline)


def draft_code(form: str, unit: str) -> str:
    """What the draft of a unit's addition to a form is called; no form can be."""
    return f"{form}+{unit}"


def added_to(code: str) -> str:
    """The form that the draft of that code adds to; empty for the draft of a form itself."""
    return code.partition("+")[0] if "+" in code else ""


def is_own_code(code: str) -> bool:
    """Whether a code is in the name space of some unit, where no form may have any."""
    return _CODE.fullmatch(code) is not None


def extended(core: FormVersion, additions: Sequence[Addition]) -> FormVersion:
    """The form as it is answered where these additions hold: the core, and after it what they add, in their order."""
    sheets = {sheet.code: sheet for sheet in core.sheets}
    for addition in additions:
        for sheet in addition.sheets:
            added = tuple(_asked(indicator, addition, core) for indicator in sheet.listed)
            before = sheets.get(sheet.code)
            listed = added if before is None else before.listed + added
            sheets[sheet.code] = replace(sheet if before is None else before, listed=listed)
    return replace(
        core,
        sheets=tuple(sheets.values()),
        rules=core.rules + tuple(rule for addition in additions for rule in addition.rules),
        outline=core.outline
        + tuple(replace(section, required=False) for addition in additions for section in addition.outline),
        additions=tuple((addition.unit, addition.number) for addition in additions),
    )


def fits(core: FormVersion, addition: Addition) -> bool:
    """Whether a published addition goes with a version of its form, be it another than the one it was written for."""
    return core.number == addition.version or not examine_addition(core, addition).found


def examine_addition(core: FormVersion, addition: Addition) -> Mistakes:
    """Everything about the addition that does not fit together, or does not go with the form; places are its file's."""
    mistakes = Mistakes()
    _check_names(addition, mistakes)
    _check_sheets(core, addition, mistakes)
    _check_reach(addition, mistakes)
    if not mistakes.found:  # what the form's own checks say about codes that are not the addition's would mislead
        places = _Places(core, addition)
        mistakes.found += [(places.of(path), problem) for path, problem in examine(extended(core, [addition])).found]
    return mistakes


def reserved_codes(form: FormVersion) -> Mistakes:
    """Codes of a form that only additions may have."""
    mistakes = Mistakes()
    coded: list[tuple[PlainPath, str]] = [(("sheets", n, "code"), sheet.code) for n, sheet in enumerate(form.sheets)]
    coded += [
        (("sheets", n, "indicators", position, "code"), indicator.code)
        for n, sheet in enumerate(form.sheets)
        for position, indicator in enumerate(sheet.listed)
    ]
    coded += [(("outline", n, "code"), section.code) for n, section in enumerate(form.outline)]
    for path, code in coded:
        if is_own_code(code):
            zh = f"“{code}”是单位补充指标的代码，报表不能用"
            mistakes.add(path, zh, f'"{code}" is a code for the additions of units; a form must not use it')
    return mistakes


def _asked(indicator: Indicator, addition: Addition, core: FormVersion) -> Indicator:
    return replace(indicator, core=False, added_by=addition.unit, filled_by=indicator.filled_by or core.levels)


def _check_names(addition: Addition, mistakes: Mistakes) -> None:
    """Every code is in the unit's name space, and none comes twice."""
    if not _UNIT.fullmatch(addition.unit):
        zh = f"单位代码“{addition.unit}”不是字母和数字，不能有补充指标"
        mistakes.add(("unit",), zh, f'unit code "{addition.unit}" is not letters and digits: it names no additions')
        return
    prefix = addition.prefix
    for place, code in _codes(addition):
        suffix = code.removeprefix(prefix)
        is_rule = place[0] == "rules"
        if not code.startswith(prefix) or not (_RULE if is_rule else re.compile(r"[A-Z0-9]+")).fullmatch(suffix):
            zh = f"“{code}”须以 {prefix} 开头，后接大写字母或数字"
            mistakes.add(place, zh, f'"{code}" must begin with {prefix}, then capital letters or digits')


def _codes(addition: Addition) -> Iterator[tuple[PlainPath, str]]:
    """The codes that the addition gives, with their places; that of a sheet only where the sheet is its own."""
    for number, sheet in enumerate(addition.sheets):
        if sheet.name.zh:
            yield ("sheets", number, "code"), sheet.code
        for position, indicator in enumerate(sheet.listed):
            yield ("sheets", number, "indicators", position, "code"), indicator.code
    for number, section in enumerate(addition.outline):
        yield ("outline", number, "code"), section.code
    for number, rule in enumerate(addition.rules):
        yield ("rules", number, "id"), rule.id


def _check_sheets(core: FormVersion, addition: Addition, mistakes: Mistakes) -> None:
    """A sheet without a name is one of the form's lists; no sheet comes twice."""
    lists = {sheet.code for sheet in core.sheets if sheet.cross is None and sheet.table is None}
    seen: set[str] = set()
    for number, sheet in enumerate(addition.sheets):
        path: PlainPath = ("sheets", number, "code")
        if not sheet.name.zh and sheet.code not in lists:
            zh = f"报表没有清单式的表“{sheet.code}”；自己的表须有 name"
            mistakes.add(
                path, zh, f'the form has no sheet "{sheet.code}" with a list; a sheet of one\'s own has a name'
            )
        if sheet.code in seen:
            mistakes.add(path, f"“{sheet.code}”重复", f'"{sheet.code}" comes twice')
        seen.add(sheet.code)


def _check_reach(addition: Addition, mistakes: Mistakes) -> None:
    """Rules stand at the addition's own indicators and only ask; its indicators are no part of the form's."""
    own = {indicator.code for indicator in addition.indicators}
    for number, rule in enumerate(addition.rules):
        if rule.indicator not in own:
            zh = f"“{rule.indicator}”不是本补充的指标"
            mistakes.add(("rules", number, "indicator"), zh, f'"{rule.indicator}" is no indicator of this addition')
        if rule.severity.rank < Severity.EXPLAIN.rank:
            zh, en = "补充指标的规则只能是 explain 或 info", "a rule of an addition is explain or info"
            mistakes.add(("rules", number, "severity"), zh, en)
    for number, sheet in enumerate(addition.sheets):
        for position, indicator in enumerate(sheet.listed):
            if indicator.core:
                zh, en = "补充指标不能必填", "what is added is never required"
                mistakes.add(("sheets", number, "indicators", position, "core"), zh, en)
            if indicator.parent and indicator.parent not in own:
                zh = f"“{indicator.parent}”不是本补充的指标；与它的关系请写成规则"
                en = f'"{indicator.parent}" is no indicator of this addition; say in a rule how they relate'
                mistakes.add(("sheets", number, "indicators", position, "part_of"), zh, en)


class _Places:
    """From places in the extended form to those in the addition's file."""

    def __init__(self, core: FormVersion, addition: Addition) -> None:
        self.rules, self.outline = len(core.rules), len(core.outline)
        before = {sheet.code: (number, len(sheet.listed)) for number, sheet in enumerate(core.sheets)}
        self.sheets: dict[int, tuple[int, int]] = {}
        """By number of a sheet in the extended form: its number in the file, and how many indicators come before."""
        for number, sheet in enumerate(addition.sheets):
            at, offset = before.setdefault(sheet.code, (len(before), 0))
            self.sheets[at] = number, offset

    def of(self, path: PlainPath) -> PlainPath:
        """The place in the file; the whole of it for what is none of the addition's."""
        match path:
            case ("sheets", int(number), "indicators", int(position), *rest) if number in self.sheets:
                at, offset = self.sheets[number]
                return ("sheets", at, "indicators", position - offset, *rest)
            case ("sheets", int(number), *rest) if number in self.sheets:
                return ("sheets", self.sheets[number][0], *rest)
            case ("rules", int(number), *rest):
                return ("rules", number - self.rules, *rest)
            case ("outline", int(number), *rest):
                return ("outline", number - self.outline, *rest)
            case _:
                return ()
