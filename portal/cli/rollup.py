"""`huizong rollup`: show roll-ups with what they rest on, prove them, or compute them again."""

import csv
import io
import json
from collections.abc import Sequence

import click

from portal.cli.command import Group
from portal.cli.connection import database, portal_of_each_tree, portal_over
from portal.cli.words import both, say
from portal.db import read_one_moment, transaction
from portal.domain.periods import Period
from portal.domain.rollup import Total
from portal.domain.spreadsheet_text import not_a_formula
from portal.domain.values import exact_text
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.entries import list_entries
from portal.queries.rollups.over_time import roll_up_made
from portal.queries.rollups.records import COLUMNS, Record, records
from portal.queries.rollups.series import breaks_within
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, tree_day
from portal.queries.rollups.verification import verify as verify_rollups
from portal.queries.units import get_unit, list_units
from portal.services.downloads import record_export
from portal.services.rollups import rebuild as rebuild_rollups
from portal.services.trees import publish_trees

_WORDS = ("unit_name", "name", "unit_of_measure")


@click.group("rollup", cls=Group, invoke_without_command=True, help="汇总数 / roll-ups")
@click.option("--unit", help="单位代码 / unit code")
@click.option("--period", help="报告期，如 2023 / period, e.g. 2023")
@click.option("--indicator", help="指标代码，逗号分隔 / indicator codes, separated by commas")
@click.option("--by", default="self", show_default=True, help="self | children | level:district …")
@click.option("--tree", type=click.Choice([REPORTED_TREE, CURRENT_TREE]), default=REPORTED_TREE, show_default=True)
@click.option("--pending", is_flag=True, help="含已上报未验收的数 / with figures submitted but not accepted")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    unit: str | None,
    period: str | None,
    indicator: str | None,
    by: str,
    tree: str,
    pending: bool,
    form: str,
) -> None:
    """Roll-ups of a unit, of its children, or of all units of a level below it."""
    if context.invoked_subcommand is not None:
        return
    if not unit or not period:
        raise click.UsageError("需要 --unit 和 --period / --unit and --period are needed")
    wanted = Period.parse(period)
    codes = [code.strip() for code in (indicator or "").split(",") if code.strip()] or None
    with database():
        actor = portal_over(unit, wanted if tree == REPORTED_TREE else None, closely=pending)
        with transaction(actor) as session:
            rows = roll_up_made(
                session, actor, unit=unit, period=wanted, indicators=codes, by=by, tree=tree, pending=pending
            )
            top = get_unit(session, unit, period=tree_day(wanted, tree))
            rows = covered(session, actor, top, wanted, rows, pending=pending)
            found = records(wanted, rows, breaks_within(session, rows))
            record_export(session, actor, "rollups", {"unit": unit, "period": period, "rows": len(found)})
    _print(found, form)


@command.command("entries", help="汇总数的冲抵与调整 / eliminations and adjustments of roll-ups")
@click.option("--unit", required=True, help="单位代码 / unit code")
@click.option("--period", required=True, help="报告期，如 2023 / period, e.g. 2023")
@click.option("--indicator", help="指标代码 / indicator code")
def entries(unit: str, period: str, indicator: str | None) -> None:
    """Those at a unit and all below it, as CSV; what was withdrawn says so and does not count."""
    wanted = Period.parse(period)
    with database():
        actor = portal_over(unit, wanted, closely=False)
        with transaction(actor) as session:
            rows = list_entries(session, actor, unit=unit, period=wanted, indicator=indicator)
            record_export(session, actor, "rollups", {"unit": unit, "period": period, "rows": len(rows)})
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["unit", "indicator", "number", "kind", "amount", "reason", "entered_by", "entered_at", "withdrawn"])
    for row in rows:
        at = row.at.isoformat()
        words = [not_a_formula(text) for text in (row.reason, row.by)]
        gone = not_a_formula(row.withdrawal.reason) if row.withdrawal else ""
        amount = exact_text(row.entry.amount)
        table.writerow([row.unit.code, row.indicator, row.number, row.entry.kind, amount, *words, at, gone])
    click.echo(out.getvalue(), nl=False)


def _print(found: Sequence[Record], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows([_cell(column, record[column]) for column in COLUMNS] for record in found)
    click.echo(out.getvalue(), nl=False)


def _cell(column: str, content: str | int | bool | None) -> str:
    """What a spreadsheet takes for a formula when it opens the file is written as text; figures stay as they are."""
    if content is None:
        return ""
    if isinstance(content, bool):
        return str(content).lower()
    text = str(content)
    return not_a_formula(text) if column in _WORDS else text


@command.command("verify", help="由已验收的数重新核算全部汇总数 / prove every stored roll-up from accepted values")
@click.pass_context
def verify(context: click.Context) -> None:
    """Exit code 1 if a stored roll-up is not what the accepted values add up to."""
    wrong = 0
    with database():
        for portal in portal_of_each_tree():
            with transaction(portal) as session:
                read_one_moment(session)
                compared, mismatches = verify_rollups(session, portal.place.root_id)
                codes = {unit.id: unit.code for unit in list_units(session)}
            for each in mismatches:
                place = f"{codes.get(each.unit_id, each.unit_id)} {each.period} {each.indicator} {each.kind}"
                click.echo(f"{place}: {_told(each.stored)} ≠ {_told(each.computed)}")
            wrong += len(mismatches)
            verdict = (
                f"{portal.place.code}：核对 {compared} 个入库数和汇总数，{len(mismatches)} 个不符。",
                f"{compared} stored figures compared, {len(mismatches)} differ.",
            )
            click.echo(both(verdict))
    if wrong:
        context.exit(1)


def _told(total: Total) -> str:
    """A total as the verdict tells it: the amount, its weight if it has one, and of how many; or what was entered."""
    if total.entered is not None:
        return exact_text(total.entered)
    amount = "—" if total.amount is None else exact_text(total.amount)
    weight = "" if total.weight is None else f"/{exact_text(total.weight)}"
    return f"{amount}{weight} ({total.reported})"


@command.command("rebuild", help="重算全部汇总数 / compute every stored roll-up again")
def rebuild() -> None:
    """Publish the trees again, and compute the stored roll-ups of each again from its accepted values."""
    with database():
        with transaction(None) as session:
            publish_trees(session)
        for portal in portal_of_each_tree():
            with transaction(portal) as session:
                periods = rebuild_rollups(session, portal)
            say(f"{portal.place.code}：重算了 {periods} 个报告期。", f"{periods} periods computed again.")
