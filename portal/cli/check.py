"""`huizong check`: everything that is wrong with a workbook, without storing anything."""

import json
from pathlib import Path

import click

from importers.annotated import annotated
from importers.examination_json import examination_json
from importers.identity import Expected
from importers.pipeline import Examination, Outcome
from portal.cli.command import Command
from portal.cli.connection import database
from portal.cli.words import say
from portal.cli.workbooks import WORKBOOK, content_of, exit_code, print_examination
from portal.db import transaction
from portal.domain.periods import Period
from portal.jobs.examining import examine_workbook
from portal.queries.forms import list_forms


@click.command("check", cls=Command, help="审核一个工作簿，不保存 / check a workbook; nothing is stored")
@click.argument("file", type=WORKBOOK)
@click.option("--unit", default="", help="单位代码 / whose workbook it should be")
@click.option("--period", default="", help="报告期，如 2023 / for which period")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--annotated",
    "marked",
    type=click.Path(dir_okay=False, path_type=Path),
    help="写出标注了问题的工作簿 / write a workbook with every mistake marked",
)
@click.pass_context
def command(context: click.Context, file: Path, unit: str, period: str, form: str, marked: Path | None) -> None:
    """Exit code 0 clean, 1 with blocking or consent findings, 2 not recognised or unreadable."""
    chosen = Expected(unit=unit, period=str(Period.parse(period)) if period else "")
    with database():
        examination = _examined(content_of(file), file.name, chosen)
    if form == "json":
        click.echo(json.dumps(examination_json(examination), ensure_ascii=False, indent=1))
    else:
        print_examination(examination)
    if marked is not None:
        _write_marked(examination, marked)
    context.exit(exit_code(examination))


def _examined(content: bytes, filename: str, chosen: Expected) -> Examination:
    """The examination; a file without any stamp is taken for the only form there is."""
    examination = examine_workbook(content, chosen, filename=filename)
    if examination.code != "identity_missing" or not (chosen.unit and chosen.period):
        return examination
    with transaction(None) as session:
        newest = {summary.code: summary.number for summary in list_forms(session)}
    if len(newest) != 1:
        return examination
    [(code, number)] = newest.items()
    return examine_workbook(content, Expected(code, chosen.unit, chosen.period, number), filename=filename)


def _write_marked(examination: Examination, file: Path) -> None:
    if examination.outcome is not Outcome.CHECKED:
        say("文件没有审核，没有可标注的内容。", "The file was not checked: there is nothing to mark.")
        return
    file.write_bytes(annotated(examination))
    say(f"已写出 {file}。", f"{file} is written.")
