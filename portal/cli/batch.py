"""`huizong batch`: files for many units, and files with their answers: the same road as on the page and in the API.

A batch that is begun here is done here, to its end. What was interrupted goes on with `resume`.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from portal.cli.command import Group
from portal.cli.connection import database
from portal.cli.words import Line, both, say
from portal.cli.workbooks import CLEAN, MISTAKEN, UNUSABLE, WORKBOOK
from portal.db import identity_transaction, transaction
from portal.domain.actors import Actor
from portal.domain.batches import WRITTEN, BatchKind, BatchState, LineOutcome
from portal.domain.collections import CollectionKey
from portal.domain.spreadsheet_text import not_a_formula
from portal.jobs import batches as jobs
from portal.queries.batches import BatchView, LineView, content_of, count_lines, get_batch, list_batches, list_lines
from portal.queries.people import portal_within
from portal.services import batches
from portal.services.downloads import record_export
from portal.web.accounts import actor_of

_COLUMNS = ("name", "place", "outcome", "stored", "severity", "indicator", "cell", "finding")
_AS = click.option("--as", "username", required=True, help="以此用户的身份 / user name of who does it")
_UNIT = click.option("--unit", help="代表哪个单位，默认第一个 / unit acted for, the first by default")
_OUTPUT = click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
_FORMAT = click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)


@click.group(
    "batch", cls=Group, help="批量：多个单位的模板、汇总表和答案 / files for many units, and with their answers"
)
def command() -> None:
    """The noun."""


@command.command("files", help="生成模板包或汇总表 / make a zip of templates, or one table")
@click.argument("collection")
@_AS
@_UNIT
@click.option("--kind", type=click.Choice(["templates", "table"]), default="templates", show_default=True)
@click.option("--with-figures", is_flag=True, help="带上看得到的数 / with the figures one may see")
@click.option("--english", is_flag=True, help="英文 / in English")
@_OUTPUT
def files(
    collection: str, username: str, unit: str | None, kind: str, with_figures: bool, english: bool, output: Path
) -> None:
    """Make a file for all units below, and write it."""
    with _acting(username, unit) as actor:
        with transaction(actor) as session:
            batch_id = batches.order(
                session,
                actor,
                CollectionKey.parse(collection),
                BatchKind(kind),
                with_figures=with_figures,
                language="en" if english else "zh",
            )
        _write(actor, _done(actor, batch_id), output)


@command.command("answers", help="写入或只检查多个单位的答案 / enter, or only check, the answers of many units")
@click.argument("collection")
@click.argument("file", type=WORKBOOK)
@_AS
@_UNIT
@click.option("--replaces", is_flag=True, help="覆盖草稿里已有的数 / replace figures that stand in drafts")
@click.option("--check", "check_only", is_flag=True, help="只检查，不写入 / only check, enter nothing")
@_FORMAT
@click.pass_context
def answers(
    context: click.Context,
    collection: str,
    file: Path,
    username: str,
    unit: str | None,
    replaces: bool,
    check_only: bool,
    form: str,
) -> None:
    """Exit code 0 if every unit's answers are, or could be, in its draft, 1 if some are not, 2 if nothing was read."""
    key = CollectionKey.parse(collection)
    with _acting(username, unit) as actor:
        with file.open("rb") as stream, transaction(actor) as session:
            batch_id = jobs.keep(session, actor, key, file.name, stream, replaces=replaces, check_only=check_only)
        code = _report(actor, _done(actor, batch_id), form)
    context.exit(code)


@command.command("list", help="列出批量任务 / list batches")
@click.argument("collection")
@_AS
@_UNIT
def list_(collection: str, username: str, unit: str | None) -> None:
    """A line for each of the newest batches of the unit."""
    with _acting(username, unit) as actor, transaction(actor) as session:
        for batch in list_batches(session, actor, CollectionKey.parse(collection)):
            done = f"{batch.done}/{batch.total}"
            click.echo(f"{batch.id} {batch.kind} {batch.state} {done} {batch.made_at:%Y-%m-%d %H:%M} {batch.filename}")


@command.command("show", help="进度和每个单位的结果 / how far it is, and what became of every unit")
@click.argument("batch", type=click.UUID)
@_AS
@_UNIT
@_FORMAT
@click.pass_context
def show(context: click.Context, batch: UUID, username: str, unit: str | None, form: str) -> None:
    """Exit codes as those of `answers`."""
    with _acting(username, unit) as actor:
        with transaction(actor) as session:
            view = get_batch(session, actor, batch)
        code = _report(actor, view, form)
    context.exit(code)


@command.command("file", help="取回文件 / fetch the file that was made or handed in")
@click.argument("batch", type=click.UUID)
@_AS
@_UNIT
@_OUTPUT
def file_(batch: UUID, username: str, unit: str | None, output: Path) -> None:
    """Write the file of a batch."""
    with _acting(username, unit) as actor:
        with transaction(actor) as session:
            view = get_batch(session, actor, batch)
        _write(actor, view, output)


@command.command("cancel", help="取消 / stop before the next units")
@click.argument("batch", type=click.UUID)
@_AS
@_UNIT
def cancel(batch: UUID, username: str, unit: str | None) -> None:
    """Stop a batch; what is entered stays."""
    with _acting(username, unit) as actor, transaction(actor) as session:
        batches.cancel(session, actor, batch)
    say("已写入的单位保留，其余不再处理。", "what is entered stays, the rest is left alone.")


@command.command("resume", help="接着办完 / go on with what was interrupted")
@click.argument("batch", type=click.UUID)
@_AS
@_UNIT
@_FORMAT
@click.pass_context
def resume(context: click.Context, batch: UUID, username: str, unit: str | None, form: str) -> None:
    """Exit codes as those of `answers`; what has ended is only shown."""
    with _acting(username, unit) as actor:
        with transaction(actor) as session:
            get_batch(session, actor, batch)
        code = _report(actor, _done(actor, batch), form)
    context.exit(code)


@contextmanager
def _acting(username: str, unit: str | None) -> Iterator[Actor]:
    """The database, and the person on it."""
    with database():
        with identity_transaction() as session:
            actor = actor_of(session, username, unit_code=unit)
        yield actor


def _done(actor: Actor, batch_id: UUID) -> BatchView:
    """Do what is left of a batch; gives how it ended."""
    say(f"批量任务 {batch_id}", f"batch {batch_id}")
    with transaction(None) as session:
        portal = portal_within(session, actor.place.code)
    with transaction(portal) as session:
        left = batches.take_up(session, portal, batch_id)
        batch = get_batch(session, portal, batch_id)
    if left:
        jobs.process(portal, batch)
    with transaction(actor) as session:
        return get_batch(session, actor, batch_id)


def _write(actor: Actor, batch: BatchView, output: Path) -> None:
    if not batch.has_file:
        say(f"没有文件：{batch.state}", f"there is no file: {batch.state}")
        raise click.exceptions.Exit(UNUSABLE)
    with transaction(actor) as session, output.open("wb") as stream:
        stream.writelines(content_of(session, actor, batch.id))
        record_export(session, actor, f"batch_{batch.kind}", {"batch": str(batch.id), "sha256": batch.sha256})
    say(f"已写出 {output}。", f"{output} is written.")


def _report(actor: Actor, batch: BatchView, form: str) -> int:
    """Print what became of every unit; gives the exit code."""
    with transaction(actor) as session:
        lines = list_lines(session, actor, batch.id)
        counts: Mapping[LineOutcome, int] = count_lines(session, actor, batch.id)
    _print_json(batch, lines) if form == "json" else _print_csv(lines)
    report = batch.report or {}
    for said in (report.get("message"), report.get("advice"), *report.get("remarks", [])):
        if said:
            say(said["zh"], said["en"])
    outcomes = "；".join(f"{outcome} {count}" for outcome, count in counts.items())
    say(*_ended(batch, outcomes))
    if batch.state is not BatchState.DONE or report.get("outcome") == "refused":
        return UNUSABLE
    return CLEAN if counts.keys() <= WRITTEN | {LineOutcome.EMPTY} else MISTAKEN


def _ended(batch: BatchView, outcomes: str) -> Line:
    if batch.kind is BatchKind.CHECK:
        return f"{batch.state}，只检查：{outcomes}", f"{batch.state}, only checked: {outcomes}"
    return f"{batch.state}：{outcomes}", f"{batch.state}: {outcomes}"


def _print_json(batch: BatchView, lines: list[LineView]) -> None:
    body = {
        "id": str(batch.id),
        "kind": str(batch.kind),
        "state": str(batch.state),
        "report": batch.report,
        "lines": [{**vars(line), "outcome": str(line.outcome)} for line in lines],
    }
    click.echo(json.dumps(body, ensure_ascii=False, indent=1))


def _print_csv(lines: list[LineView]) -> None:
    """A row for each finding, or one for a unit without any."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for line in lines:
        whole: list[Any] = [not_a_formula(line.name), not_a_formula(line.place), line.outcome, line.stored]
        for each in line.findings or [dict.fromkeys(("severity", "indicator", "cell"), "")]:
            message = not_a_formula(both((each["zh"], each["en"]))) if "zh" in each else ""
            writer.writerow([*whole, each["severity"], each["indicator"], not_a_formula(each["cell"]), message])
