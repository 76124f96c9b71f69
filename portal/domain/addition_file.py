"""Files of additions: what a unit adds to a form as YAML that people can read and write, and the same in JSON."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from portal.domain.additions import Addition, draft_code, examine_addition
from portal.domain.careful_yaml import Plain, dump, load
from portal.domain.form_file import FileMistake, at_line, line_of, record_of
from portal.domain.form_records import ADDED_SECTION, ADDED_SHEET, RULE, TEXT
from portal.domain.forms import Aggregation, AggregationKind, DataType, FormVersion, Indicator, Sheet, Text
from portal.domain.record_kinds import Mistakes, Several, Whole, Word
from portal.domain.records import Field, Record
from portal.errors import FormInvalid

ADDITION = Record(
    Addition,
    (
        Field("form", Word()),
        Field("version", Whole()),
        Field("unit", Word()),
        Field("number", Whole()),
        Field("name", TEXT),
        Field("sheets", Several(ADDED_SHEET)),
        Field("outline", Several(ADDED_SECTION)),
        Field("rules", Several(RULE)),
    ),
)

FindCore = Callable[[str, int], FormVersion | None]
"""Gives a published form by code and version."""


def read_addition(text: str, find_core: FindCore) -> Addition:
    """Read the file of an addition.

    Raises:
        FormInvalid: with every mistake of the file, each with its line.
    """
    addition, mistakes = examine_addition_file(text, find_core)
    if addition is None:
        raise FormInvalid([at_line(each.line, each.words) for each in mistakes])
    return addition


def examine_addition_file(text: str, find_core: FindCore) -> tuple[Addition | None, list[FileMistake]]:
    """The addition, or None and every mistake of the file in order of lines."""
    document = load(text)
    if document.problems:
        return None, [FileMistake(line, (), problem) for line, problem in document.problems]
    mistakes = Mistakes()
    addition: Addition = ADDITION.read(document.content, (), mistakes)
    core = find_core(addition.form, addition.version)
    if core is None:
        zh = f"没有报表 {addition.form} 第 {addition.version} 版"
        mistakes.add(("version",), zh, f"there is no form {addition.form} in version {addition.version}")
    else:
        unreadable = {record_of(path) for path, _ in mistakes.found}
        found = examine_addition(core, addition).found
        mistakes.found += [mistake for mistake in found if record_of(mistake[0]) not in unreadable]
    located = [FileMistake(line_of(path, document.lines), path, problem) for path, problem in mistakes.found]
    return None if located else addition, sorted(located, key=lambda mistake: mistake.line)


def examine_addition_draft(code: str, text: str, find_core: FindCore) -> tuple[Addition | None, list[FileMistake]]:
    """The addition that the draft of that code (`draft_code`) says, or None and every mistake."""
    addition, mistakes = examine_addition_file(text, find_core)
    if addition is None or draft_code(addition.form, addition.unit) == code:
        return addition, mistakes
    words = Text(f"这份草稿须是 {code} 的补充", f"this draft must be the addition {code}")
    return None, [FileMistake(line_of(("unit",), load(text).lines), ("unit",), words)]


def new_addition(core: FormVersion, unit: str, name: Text) -> str:
    """The file of an addition to begin with: one sheet with one indicator."""
    first = Addition(
        core.code, core.number, unit, 1, Text(f"{name.zh}补充指标", f"Added by {name.en}" if name.en else "")
    )
    indicator = Indicator(
        f"{first.prefix}01",
        Text("指标一"),
        "个",
        DataType.COUNT,
        Aggregation(AggregationKind.SUM),
        frozenset(),
        core=False,
        minimum=Decimal(0),
    )
    return write_addition(replace(first, sheets=(Sheet(f"{first.prefix}S1", Text("补充表"), (indicator,)),)))


def write_addition(addition: Addition) -> str:
    """The addition as a file; `read_addition` gives an equal one back."""
    return dump(addition_to_dict(addition))


def addition_from_dict(content: Plain) -> Addition:
    """A published addition, as stored in JSON; what was published is not examined once more.

    Raises:
        FormInvalid: it cannot be read.
    """
    mistakes = Mistakes()
    addition: Addition = ADDITION.read(content, (), mistakes)
    if mistakes.found:
        raise FormInvalid([f"{'.'.join(map(str, path))}: {words.zh} / {words.en}" for path, words in mistakes.found])
    return addition


def addition_to_dict(addition: Addition) -> dict[str, Plain]:
    """The addition in the structure of its file, fit for JSON."""
    return ADDITION.write_mapping(addition)


def addition_digest(addition: Addition) -> str:
    """SHA-256 (hexadecimal) over everything the addition says."""
    canonical = json.dumps(addition_to_dict(addition), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
