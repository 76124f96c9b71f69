"""`huizong forms`: publish a form from a file, and write a published one out again."""

import json
from pathlib import Path
from typing import IO

import click

from importers.form_workbook import form_workbook
from importers.form_workbook_reading import read_form_workbook
from portal.cli.command import Group
from portal.cli.connection import database
from portal.cli.words import say
from portal.db import transaction
from portal.domain.form_file import FindBefore, read_form, write_form
from portal.domain.form_schema import form_schema
from portal.domain.forms import FormVersion
from portal.queries.forms import find_before, get_form
from portal.services.downloads import record_export
from portal.services.forms import publish

WORKBOOK = ".xlsx"


@click.group("forms", cls=Group, help="报表制度 / forms")
def command() -> None:
    """The noun."""


@command.command("import", help="发布报表文件（YAML 或 xlsx） / publish a form file, YAML or xlsx")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Publish the form version that the file describes; the same one a second time changes nothing."""
    with database(), transaction(None) as session:
        form = _read(file, lambda each: find_before(session, each))
        publish(session, form)
    say(f"已发布 {form.code} 第 {form.number} 版。", f"{form.code} version {form.number} is published.")


def _read(file: Path, before: FindBefore) -> FormVersion:
    if file.suffix.lower() == WORKBOOK:
        return read_form_workbook(file.read_bytes(), before)
    return read_form(file.read_text(encoding="utf-8"), before)


@command.command(
    "export", help="导出报表（YAML 或 xlsx）；- 为标准输出 / write a form, YAML or xlsx; - is standard output"
)
@click.argument("form")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--number", type=click.IntRange(min=1), help="版本号，默认最新 / version, the newest by default")
def export(form: str, file: Path, number: int | None) -> None:
    """Write a published version, such that `import` gives the same one."""
    with database(), transaction(None) as session:
        found = get_form(session, form, number)
        record_export(session, None, "form", {"name": found.code, "version": found.number})
    content = form_workbook(found) if file.suffix.lower() == WORKBOOK else write_form(found).encode()
    with click.open_file(str(file), "wb", atomic=True) as target:
        target.write(content)


@command.command("schema", help="写出报表文件的 JSON Schema / write the JSON Schema of form files")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True, atomic=True))
def schema(file: IO[str]) -> None:
    """Write the schema that editors and other programs check form files by."""
    file.write(json.dumps(form_schema(), ensure_ascii=False, indent=1) + "\n")
