"""`huizong template`: a workbook for a unit to fill in."""

from pathlib import Path

import click

from importers.identity import UnitName
from importers.template import template
from portal.cli.command import Command
from portal.cli.connection import database, portal_of
from portal.cli.words import say
from portal.db import transaction
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.queries.filling import get_filling
from portal.services.downloads import Download, record_file


@click.command("template", cls=Command, help="生成填报模板 / write a workbook to fill in")
@click.argument("form")
@click.option("--unit", required=True, help="单位代码 / unit code")
@click.option("--period", required=True, help="报告期，如 2023 / period, e.g. 2023")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="F.xlsx")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def command(form: str, unit: str, period: str, output: Path, language: str) -> None:
    """Write the template, with last year's accepted figures in it."""
    key = SubmissionKey(unit, Period.parse(period), form)
    with database():
        portal = portal_of(unit)
        with transaction(portal) as session:
            filling = get_filling(session, portal, key)
        content = template(
            filling.form,
            UnitName(filling.unit.code, filling.unit.name, filling.unit.level),
            key.period,
            last_year=filling.last_year,
            language="en" if language == "en" else "zh",
            demo=filling.demo,
        )
        with transaction(portal) as session:
            record_file(session, portal, Download.TEMPLATE, key, output.name, content)
    output.write_bytes(content)
    say(f"已写出 {output}。", f"{output} is written.")
