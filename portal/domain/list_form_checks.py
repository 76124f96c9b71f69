"""Whether the lists of a form make sense: how they are called, what their columns take, how long they may be."""

import re
from collections.abc import Iterator

from portal.domain.careful_yaml import PlainPath
from portal.domain.forms import FormVersion
from portal.domain.lists import ColumnType, ListColumn, ListTable
from portal.domain.record_kinds import Mistakes

MOST_ROWS = 1000
"""Longer lists are no page that people fill in."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


def check_list_tables(form: FormVersion, mistakes: Mistakes) -> None:
    """Note what is wrong with the lists of a form."""
    found = list(_placed(form))
    _check_codes([(table.code, (*path, "code")) for table, path in found], mistakes)
    for table, path in found:
        if not table.columns:
            mistakes.add((*path, "columns"), "至少要有一列", "there must be at least one")
        if not table.filled_by <= form.levels:
            zh, en = "须是本报表填报层级中的若干级", "must be some of the levels of the form"
            mistakes.add((*path, "filled_by"), zh, en)
        if not 1 <= table.most <= MOST_ROWS:
            mistakes.add((*path, "most"), f"须是 1 至 {MOST_ROWS}", f"must be from 1 to {MOST_ROWS}")
        elif table.least > table.most:
            mistakes.add((*path, "least"), "least 大于 most", "least is greater than most")
        columns = [(column, (*path, "columns", position)) for position, column in enumerate(table.columns)]
        _check_codes([(column.code, (*at, "code")) for column, at in columns], mistakes)
        for column, at in columns:
            _check_column(column, at, mistakes)


def _placed(form: FormVersion) -> Iterator[tuple[ListTable, PlainPath]]:
    for number, sheet in enumerate(form.sheets):
        if sheet.table is not None:
            yield sheet.table, ("sheets", number, "list")


def _check_codes(codes: list[tuple[str, PlainPath]], mistakes: Mistakes) -> None:
    seen: set[str] = set()
    for code, path in codes:
        if not _CODE.fullmatch(code):
            zh = f"代码“{code}”须由小写字母、数字、下划线组成，以字母开头"
            mistakes.add(path, zh, f'code "{code}" must be small letters, digits and underscores, a letter first')
        if code in seen:
            mistakes.add(path, f"“{code}”重复", f'"{code}" comes twice')
        seen.add(code)


def _check_column(column: ListColumn, path: PlainPath, mistakes: Mistakes) -> None:
    if (column.type is ColumnType.CHOICE) != bool(column.choices):
        mistakes.add((*path, "choices"), "choice 须列出 choices，其他类型不得有", "choices go with type: choice")
    if len(set(column.choices)) < len(column.choices):
        mistakes.add((*path, "choices"), "选项重复", "a choice comes twice")
    is_number = column.type in {ColumnType.COUNT, ColumnType.AMOUNT}
    for key, said in (
        ("unit", column.unit),
        ("unit_synonyms", column.unit_synonyms),
        ("decimals", column.decimals),
        ("min", column.minimum is not None),
        ("max", column.maximum is not None),
    ):
        if said and not is_number:
            mistakes.add((*path, key), f"{column.type} 不用 {key}", f"{column.type} takes no {key}")
    if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
        mistakes.add((*path, "min"), "min 大于 max", "min is greater than max")
