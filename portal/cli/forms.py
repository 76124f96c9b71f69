"""`huizong forms`: publish a form from a file, and write a published one out again."""

from pathlib import Path
from typing import IO

import click

from portal.cli.command import Group
from portal.cli.connection import database
from portal.cli.words import say
from portal.db import transaction
from portal.domain.form_file import read_form, write_form
from portal.queries.forms import get_form
from portal.services.forms import publish


@click.group("forms", cls=Group, help="报表制度 / forms")
def command() -> None:
    """The noun."""


@command.command("import", help="发布报表文件（YAML） / publish a form file")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Publish the form version that the file describes; the same one a second time changes nothing."""
    form = read_form(file.read_text(encoding="utf-8"))
    with database(), transaction(None) as session:
        publish(session, form)
    say(f"已发布 {form.code} 第 {form.number} 版。", f"{form.code} version {form.number} is published.")


@command.command("export", help="导出报表；- 为标准输出 / write a form; - is standard output")
@click.argument("form")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True, atomic=True))
@click.option("--number", type=click.IntRange(min=1), help="版本号，默认最新 / version, the newest by default")
def export(form: str, file: IO[str], number: int | None) -> None:
    """Write a published version, such that `import` gives the same one."""
    with database(), transaction(None) as session:
        text = write_form(get_form(session, form, number))
    file.write(text)
