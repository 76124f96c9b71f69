"""`huizong units`: take units in from a file, and write them out again."""

from pathlib import Path
from typing import IO

import click

from portal.cli.command import Group
from portal.cli.connection import database
from portal.cli.words import say
from portal.db import transaction
from portal.domain.unit_file import read_units, write_units
from portal.queries.placements import list_placements, list_successions
from portal.services.downloads import record_export
from portal.services.units import import_units


@click.group("units", cls=Group, help="单位 / units")
def command() -> None:
    """The noun."""


@command.command("import", help="导入单位文件（CSV，UTF-8） / take in a units file")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Add or replace the units that the file names, and publish the trees that follow."""
    placements, successions = read_units(file.read_text(encoding="utf-8"))
    with database(), transaction(None) as session:
        count = import_units(session, placements, successions)
    say(f"已导入 {count} 个单位。", f"{count} units imported.")


@command.command("export", help="导出全部单位；- 为标准输出 / write all units; - is standard output")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True, atomic=True))
def export(file: IO[str]) -> None:
    """Write every placement and succession, such that `import` takes them in again."""
    with database(), transaction(None) as session:
        placements = list_placements(session)
        text = write_units(placements, list_successions(session))
        record_export(session, None, "units", {"rows": len(placements)})
    file.write(text)
