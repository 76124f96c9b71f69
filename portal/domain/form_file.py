"""Form files: a form as YAML that people can read and write, and as the same structure in JSON."""

import dataclasses
import hashlib
import json

from portal.domain.careful_yaml import Plain, PlainPath, dump, load
from portal.domain.form_checks import examine
from portal.domain.forms import (
    Aggregation,
    AggregationKind,
    DataType,
    Direction,
    FormVersion,
    Indicator,
    Rule,
    Scope,
    Severity,
    Sheet,
    Source,
    Text,
)
from portal.domain.periods import PeriodKind
from portal.domain.records import AnyOf, Choice, Exact, Field, Flag, Mistakes, Record, Several, Whole, Word
from portal.domain.units import Level
from portal.errors import FormInvalid

_TEXT = Record(Text, (Field("zh", Word()), Field("en", Word())), short="zh")

_ROLL_UP = Record(
    Aggregation,
    (
        Field("how", Choice(AggregationKind), "kind"),
        Field("of", Word()),
        Field("numerator", Word()),
        Field("denominator", Word()),
        Field("weight", Word()),
        Field("multiplier", Exact()),
        Field("show_mean", Flag()),
    ),
    short="how",
)

_INDICATOR = Record(
    Indicator,
    (
        Field("code", Word()),
        Field("name", _TEXT),
        Field("unit", Word()),
        Field("unit_synonyms", Several(Word())),
        Field("type", Choice(DataType)),
        Field("choices", Several(Word())),
        Field("source", Choice(Source)),
        Field("carried_from", Word()),
        Field("roll_up", _ROLL_UP, "aggregation"),
        Field("filled_by", AnyOf(Level), default=frozenset()),  # left out: by every level of the form
        Field("scope", Choice(Scope)),
        Field("stock", Flag()),
        Field("core", Flag()),
        Field("decimals", Whole()),
        Field("min", Exact(), "minimum"),
        Field("plausible_max", Exact(), "plausible_maximum"),
        Field("explain_change", Exact(), "change_explain_percent"),
        Field("part_of", Word(), "parent"),
        Field("direction", Choice(Direction)),
        Field("definition", _TEXT),
    ),
)

_RULE = Record(
    Rule,
    (
        Field("id", Word()),
        Field("severity", Choice(Severity)),
        Field("indicator", Word()),
        Field("expression", Word()),
        Field("words", _TEXT),
        Field("advice", _TEXT),
    ),
)

_SHEET = Record(Sheet, (Field("code", Word()), Field("name", _TEXT), Field("indicators", Several(_INDICATOR))))

_FORM = Record(
    FormVersion,
    (
        Field("code", Word()),
        Field("number", Whole()),
        Field("name", _TEXT),
        Field("period", Choice(PeriodKind), "period_kind"),
        Field("levels", AnyOf(Level)),
        Field("issuer", _TEXT),
        Field("approval", _TEXT),
        Field("sheets", Several(_SHEET)),
        Field("rules", Several(_RULE)),
    ),
)


def read_form(text: str) -> FormVersion:
    """Read a form file.

    Raises:
        FormInvalid: with every mistake of the file, each with its line.
    """
    document = load(text)
    if document.problems:
        raise FormInvalid([_at_line(line, problem) for line, problem in document.problems])
    form, mistakes = _read(document.content)
    if mistakes.found:
        located = sorted(
            ((_line(path, document.lines), problem) for path, problem in mistakes.found), key=lambda m: m[0]
        )
        raise FormInvalid([_at_line(line, problem) for line, problem in located])
    return form


def write_form(form: FormVersion) -> str:
    """The form as a file; `read_form` gives an equal form back."""
    return dump(form_to_dict(form))


def form_from_dict(content: Plain) -> FormVersion:
    """The form in the structure of a form file, as stored in JSON.

    Raises:
        FormInvalid: with every mistake, each with its place.
    """
    form, mistakes = _read(content)
    if mistakes.found:
        raise FormInvalid([f"{'.'.join(map(str, path))}: {_both(problem)}" for path, problem in mistakes.found])
    return form


def form_to_dict(form: FormVersion) -> dict[str, Plain]:
    """The form in the structure of a form file, fit for JSON: mappings, lists, texts, ints and flags."""
    return _FORM.write_mapping(_with_filled_by(form, form.levels, frozenset()))


def form_digest(form: FormVersion) -> str:
    """SHA-256 (hexadecimal) over everything the form says; equal forms have equal digests."""
    canonical = json.dumps(form_to_dict(form), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read(content: Plain) -> tuple[FormVersion, Mistakes]:
    """The form as far as it can be read, and what is wrong with it.

    Where a part could not be read, what does not fit about it is not said as well.
    """
    mistakes = Mistakes()
    form: FormVersion = _FORM.read(content, (), mistakes)
    form = _with_filled_by(form, frozenset(), form.levels)
    unreadable = {_record(path) for path, _ in mistakes.found}
    mistakes.found += [mistake for mistake in examine(form).found if _record(mistake[0]) not in unreadable]
    return form, mistakes


def _record(path: PlainPath) -> PlainPath:
    """The indicator, rule or sheet that a place is in."""
    return path[: 1 + max((depth for depth, step in enumerate(path) if isinstance(step, int)), default=-1)]


def _with_filled_by(form: FormVersion, old: frozenset[Level], new: frozenset[Level]) -> FormVersion:
    """The form with one set of filling levels replaced: a file leaves out the set that is the form's own."""

    def changed(indicator: Indicator) -> Indicator:
        return dataclasses.replace(indicator, filled_by=new) if indicator.filled_by == old else indicator

    sheets = (dataclasses.replace(sheet, indicators=tuple(map(changed, sheet.indicators))) for sheet in form.sheets)
    return dataclasses.replace(form, sheets=tuple(sheets))


def _line(path: PlainPath, lines: dict[PlainPath, int]) -> int:
    """The line of a place, or of the nearest one around it that has a line."""
    return next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), 1)


def _at_line(line: int, problem: Text) -> str:
    return f"第 {line} 行 (line {line}): {_both(problem)}"


def _both(problem: Text) -> str:
    return f"{problem.zh} / {problem.en}"
