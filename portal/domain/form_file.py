"""Form files: a form as YAML that people can read and write, and as the same structure in JSON."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import NamedTuple

from portal.domain.additions import reserved_codes
from portal.domain.careful_yaml import Plain, PlainPath, dump, load
from portal.domain.form_checks import examine
from portal.domain.form_records import FORM
from portal.domain.forms import FormVersion, Indicator, Sheet, Text
from portal.domain.mapping import check_succession
from portal.domain.record_kinds import Mistakes
from portal.domain.units import Level
from portal.errors import FormInvalid


class FileMistake(NamedTuple):
    """What is wrong in a form file, and where; the path is empty if the file is no YAML."""

    line: int
    path: PlainPath
    words: Text


FindBefore = Callable[[FormVersion], FormVersion | None]


def read_form(text: str, find_before: FindBefore | None = None) -> FormVersion:
    """Read a form file.

    Args:
        text: the file.
        find_before: gives the version before one of a form, None if there is none; the file's mapping is held
            against it.

    Raises:
        FormInvalid: with every mistake of the file, each with its line.
    """
    form, mistakes = examine_file(text, find_before)
    if form is None:
        raise FormInvalid([at_line(each.line, each.words) for each in mistakes])
    return form


def examine_file(text: str, find_before: FindBefore | None = None) -> tuple[FormVersion | None, list[FileMistake]]:
    """The form, or None and every mistake of the file in order of lines; for `find_before` see `read_form`."""
    document = load(text)
    if document.problems:
        return None, [FileMistake(line, (), problem) for line, problem in document.problems]
    form, mistakes = examine_content(document.content, find_before)
    located = [FileMistake(line_of(path, document.lines), path, problem) for path, problem in mistakes.found]
    return None if located else form, sorted(located, key=lambda mistake: mistake.line)


def examine_content(content: Plain, find_before: FindBefore | None = None) -> tuple[FormVersion, Mistakes]:
    """The form in the structure of a form file as far as it can be read, and what is wrong with it."""
    form, mistakes = _read(content)
    mistakes.found += reserved_codes(form).found
    before = find_before(form) if find_before and not mistakes.found else None
    return form, mistakes if before is None else check_succession(form, before)


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
    return FORM.write_mapping(_with_filled_by(form, form.levels, frozenset()))


def form_digest(form: FormVersion) -> str:
    """SHA-256 (hexadecimal) over everything the form says; equal forms have equal digests."""
    canonical = json.dumps(form_to_dict(form), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read(content: Plain) -> tuple[FormVersion, Mistakes]:
    """The form as far as it can be read, and what is wrong with it.

    Where a part could not be read, what does not fit about it is not said as well.
    """
    mistakes = Mistakes()
    form: FormVersion = FORM.read(content, (), mistakes)
    form = _with_filled_by(form, frozenset(), form.levels)
    unreadable = {record_of(path) for path, _ in mistakes.found}
    mistakes.found += [mistake for mistake in examine(form).found if record_of(mistake[0]) not in unreadable]
    return form, mistakes


def record_of(path: PlainPath) -> PlainPath:
    """The indicator, rule or sheet that a place is in."""
    return path[: 1 + max((depth for depth, step in enumerate(path) if isinstance(step, int)), default=-1)]


def _with_filled_by(form: FormVersion, old: frozenset[Level], new: frozenset[Level]) -> FormVersion:
    """The form with one set of filling levels replaced: a file leaves out the set that is the form's own."""

    def changed(indicator: Indicator) -> Indicator:
        return dataclasses.replace(indicator, filled_by=new) if indicator.filled_by == old else indicator

    def changed_sheet(sheet: Sheet) -> Sheet:
        if sheet.table is not None and sheet.table.filled_by == old:
            sheet = dataclasses.replace(sheet, table=dataclasses.replace(sheet.table, filled_by=new))
        if sheet.cross is None:
            return dataclasses.replace(sheet, listed=tuple(map(changed, sheet.listed)))
        traits = dict(sheet.cross.cells)
        if traits.get("filled_by", frozenset()) == old:
            traits["filled_by"] = new
        cells = tuple((name, value) for name, value in traits.items() if value != frozenset())
        return dataclasses.replace(sheet, cross=dataclasses.replace(sheet.cross, cells=cells))

    return dataclasses.replace(form, sheets=tuple(map(changed_sheet, form.sheets)))


def line_of(path: PlainPath, lines: dict[PlainPath, int]) -> int:
    """The line of a place, or of the nearest one around it that has a line."""
    return next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), 1)


def at_line(line: int, problem: Text) -> str:
    """A problem as it is told, in both languages."""
    return f"第 {line} 行 (line {line}): {_both(problem)}"


def _both(problem: Text) -> str:
    return f"{problem.zh} / {problem.en}"
