"""`huizong forms`: publish a form from a file, and write a published one out again."""

import json
from pathlib import Path
from typing import IO

import click

from importers.form_workbook import form_workbook
from importers.form_workbook_reading import read_form_workbook
from portal.cli.command import Group
from portal.cli.connection import database, portal_of
from portal.cli.words import say
from portal.db import transaction
from portal.domain.addition_file import read_addition, write_addition
from portal.domain.form_file import FindBefore, read_form, write_form
from portal.domain.form_schema import addition_schema, form_schema
from portal.domain.forms import FormVersion
from portal.queries.additions import get_addition
from portal.queries.forms import find_before, find_form, get_form
from portal.services import additions
from portal.services.downloads import record_export
from portal.services.forms import publish

WORKBOOK = ".xlsx"


@click.group("forms", cls=Group, help="报表制度 / forms")
def command() -> None:
    """The noun."""


@command.command("import", help="发布报表文件（YAML 或 xlsx） / publish a form file, YAML or xlsx")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--unit", help="文件是这个单位的补充指标（YAML） / the file is what this unit adds to a form, YAML")
def import_(file: Path, unit: str | None) -> None:
    """Publish the form version that the file describes; the same one a second time changes nothing."""
    if unit is not None:
        _import_addition(file, unit)
        return
    with database(), transaction(None) as session:
        form = _read(file, lambda each: find_before(session, each))
        publish(session, form)
    say(f"已发布 {form.code} 第 {form.number} 版。", f"{form.code} version {form.number} is published.")


def _import_addition(file: Path, unit: str) -> None:
    with database():
        portal = portal_of(unit)
        with transaction(portal) as session:
            text = file.read_text(encoding="utf-8")
            added = read_addition(text, lambda code, number: find_form(session, code, number))
            additions.publish(session, portal, added)
    say(
        f"已发布 {unit} 对 {added.form} 的补充指标第 {added.number} 号，以后下达的任务都带上它。",
        f"Addition {added.number} of {unit} to {added.form} is published; what is sent down from now on has it.",
    )


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
@click.option("--unit", help="这个单位的补充指标（YAML） / what this unit adds to the form, YAML")
def export(form: str, file: Path, number: int | None, unit: str | None) -> None:
    """Write a published version, such that `import` gives the same one."""
    if unit is not None:
        _export_addition(form, file, number, unit)
        return
    with database(), transaction(None) as session:
        found = get_form(session, form, number)
        record_export(session, None, "form", {"name": found.code, "version": found.number})
    content = form_workbook(found) if file.suffix.lower() == WORKBOOK else write_form(found).encode()
    with click.open_file(str(file), "wb", atomic=True) as target:
        target.write(content)


def _export_addition(form: str, file: Path, number: int | None, unit: str) -> None:
    with database():
        portal = portal_of(unit)
        with transaction(portal) as session:
            found = get_addition(session, portal, form, number)
            record_export(session, portal, "addition", {"name": f"{form}+{unit}", "version": found.number})
    with click.open_file(str(file), "wb", atomic=True) as target:
        target.write(write_addition(found).encode())


@command.command("schema", help="写出报表文件的 JSON Schema / write the JSON Schema of form files")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True, atomic=True))
@click.option("--addition", is_flag=True, help="补充指标文件的 / of files of additions")
def schema(file: IO[str], *, addition: bool) -> None:
    """Write the schema that editors and other programs check form files by."""
    content = addition_schema() if addition else form_schema()
    file.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
