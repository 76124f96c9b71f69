"""Checks of what a unit listed: every row by itself, rows against each other, and how many there are."""

from collections.abc import Iterator
from dataclasses import replace

from portal.domain.entry_checks import required, unfit
from portal.domain.findings import Finding, ListPlace
from portal.domain.forms import FormVersion, Severity, Sheet, Text
from portal.domain.lists import ListAnswer, ListItem, Lists, ListTable
from portal.domain.units import Level
from portal.domain.values import MISSING, Value, exact_text


def check_lists(form: FormVersion, level: Level, lists: Lists) -> Iterator[Finding]:
    """What is wrong with the lists that a unit of that level answers, in form order; all of it blocks."""
    for sheet in form.sheets:
        table = sheet.table
        if table is not None and level in table.filled_by:
            yield from _check(sheet, table, lists.get(table.code) or ListAnswer(table))


def refused_cell(table: ListTable, place: ListPlace, value: Value) -> Finding | None:
    """What makes the value impossible in a column, if anything does."""
    column = table.by_code[place.column]
    finding = unfit(column.indicator, value)
    return None if finding is None else at(finding, place)


def at(finding: Finding, place: ListPlace) -> Finding:
    """A finding about a column's indicator as one about a cell of the list."""
    row = Text(f"第 {place.row} 行 {finding.message.zh}", f"row {place.row}: {finding.message.en}")
    return replace(finding, indicator="", listed=place, message=row)


def _check(sheet: Sheet, table: ListTable, answer: ListAnswer) -> Iterator[Finding]:
    yield from _how_many(sheet, table, answer)
    for row, item in enumerate(answer.items, start=1):
        for column in table.columns:
            value = item.cells.get(column.code, MISSING)
            found = required(column.indicator, value) or unfit(column.indicator, value)
            if found:
                yield at(found, ListPlace(table.code, row, column.code, item.number))
    yield from _repeated(table, answer)


def _how_many(sheet: Sheet, table: ListTable, answer: ListAnswer) -> Iterator[Finding]:
    count, name = len(answer.items), sheet.name
    place = ListPlace(table.code)
    if not answer.answered and (table.core or table.least):
        yield Finding(
            code="required",
            severity=Severity.BLOCKING,
            message=Text(f"清单“{name.zh}”没有填", f'the list "{name.in_language("en")}" is not filled in'),
            listed=place,
            advice=Text(
                "请逐行填写；本期没有的，请标明“本期没有”",
                "Fill it in row by row; if there is nothing to list, say so",
            ),
        )
    elif answer.answered and count < table.least:
        wanted = Text(f"至少 {table.least} 行", f"at least {table.least}")
        yield _wrong_count(name, place, count, wanted, "too_few_rows")
    elif count > table.most:
        wanted = Text(f"至多 {table.most} 行", f"at most {table.most}")
        yield _wrong_count(name, place, count, wanted, "too_many_rows")


def _wrong_count(name: Text, place: ListPlace, count: int, wanted: Text, code: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.BLOCKING,
        message=Text(
            f"清单“{name.zh}”有 {count} 行，应有{wanted.zh}",
            f'the list "{name.in_language("en")}" has {count} rows, not {wanted.en}',
        ),
        listed=place,
        found=str(count),
        expected=wanted.zh,
        advice=Text("请核对清单", "Check the list"),
    )


def _repeated(table: ListTable, answer: ListAnswer) -> Iterator[Finding]:
    """Rows that say in all key columns what an earlier one says; a row with a blank one cannot be told."""
    keys = [column for column in table.columns if column.key]
    first: dict[tuple[Value, ...], int] = {}
    for row, item in enumerate(answer.items, start=1):
        told = tuple(_plain(item, column.code) for column in keys)
        if not keys or not all(value.reported for value in told):
            continue
        earlier = first.setdefault(told, row)
        if earlier != row:
            yield _repeat(table, item, row, earlier)


def _plain(item: ListItem, column: str) -> Value:
    """The answer without what is said about it; letters and spaces as people take them for the same."""
    value = item.cells.get(column, MISSING)
    text = None if value.text is None else "".join(value.text.split()).casefold()
    return Value(value.status, value.number, text)


def _repeat(table: ListTable, item: ListItem, row: int, earlier: int) -> Finding:
    keys = [column for column in table.columns if column.key]
    zh = "、".join(column.name.zh for column in keys)
    en = ", ".join(column.name.in_language("en") for column in keys)
    value = item.cells[keys[0].code]
    return Finding(
        code="repeated_row",
        severity=Severity.BLOCKING,
        message=Text(f"第 {row} 行与第 {earlier} 行的{zh}相同", f"row {row} has the same {en} as row {earlier}"),
        listed=ListPlace(table.code, row, keys[0].code, item.number),
        found=exact_text(value.number) if value.number is not None else value.text or "",
        advice=Text("同一事项只列一行：请删去重复的，或者改正", "List each thing once: delete one, or correct it"),
    )
