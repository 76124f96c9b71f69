"""`huizong units`: take units in from a file, and write them out again."""

from pathlib import Path
from typing import IO

import click

from importers.reorganisation_workbook import read_reorganisation_file
from portal.cli.command import Group
from portal.cli.connection import database, portal_of
from portal.cli.words import say
from portal.db import transaction
from portal.domain.unit_file import read_units, write_units
from portal.domain.units import Placement
from portal.queries.placements import list_placements, list_successions
from portal.queries.reorganisations import preview
from portal.services.downloads import record_export
from portal.services.reorganisations import apply, begin, drop, publish
from portal.services.units import import_units

_MOST_SHOWN = 10


@click.group("units", cls=Group, help="单位 / units")
def command() -> None:
    """The noun."""


@command.command("import", help="导入单位文件（CSV，UTF-8） / take in a units file")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Add or replace the units that the file names, and publish the trees that follow."""
    placements, successions = read_units(file.read_text(encoding="utf-8"))
    with database(), transaction(None) as session:
        done = import_units(session, placements, successions)
    say(f"已导入 {done.units} 个单位。", f"{done.units} units imported.")
    if done.asked:
        names = ", ".join(map(str, done.asked[:_MOST_SHOWN])) + (" …" if len(done.asked) > _MOST_SHOWN else "")
        say(
            f"正在收集的报表要新单位填报 {len(done.asked)} 份：{names}",
            f"New units owe {len(done.asked)} answers to what is being collected: {names}",
        )
    if done.let_off:
        say(
            f"撤销的单位有 {done.let_off} 份没有上报的报表，已免报。",
            f"{done.let_off} answers that units which are gone had not handed in are owed no more.",
        )


@command.command("reorganise", help="按文件调整区划（CSV、XLSX） / reorganise units as a file says")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--under", required=True, help="在哪个单位之下，如 440000 / the unit below which it happens")
@click.option("--preview", "only_look", is_flag=True, help="只看会改变什么 / only say what would change")
@click.option("--publish", "finally_", is_flag=True, help="同时公布，不能再撤回 / publish at once, which is final")
def reorganise(file: Path, under: str, only_look: bool, finally_: bool) -> None:
    """Apply what the file says. Until it is published it can be undone on the page 区划调整."""
    said = read_reorganisation_file(file.read_bytes(), file.name)
    with database():
        actor = portal_of(under)
        with transaction(actor) as session:
            row = begin(session, actor, said.effective_on, said.basis, said.changes)
            seen = preview(session, actor, row)
            if only_look:
                drop(session, actor, row.number, row.row_version)
            else:
                apply(session, actor, row.number, row.row_version)
            if finally_ and not only_look:
                publish(session, actor, row.number, row.row_version)
    for each in seen.units:
        click.echo(f"{each.code}: {_placed(each.before)} → {_placed(each.after)}")
    for problem in seen.problems:
        click.echo(f"{problem.words.zh} / {problem.words.en}")
    say(
        f"{len(seen.units)} 个单位变动，影响 {len(seen.periods)} 个报告期、{seen.count} 个汇总数。",
        f"{len(seen.units)} units change, {len(seen.periods)} periods and {seen.count} totals with them.",
    )


def _placed(place: Placement | None) -> str:
    return f"{place.name} ({place.level}) ← {place.parent_code or '—'}" if place else "—"


@command.command("export", help="导出全部单位；- 为标准输出 / write all units; - is standard output")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True, atomic=True))
def export(file: IO[str]) -> None:
    """Write every placement and succession, such that `import` takes them in again."""
    with database(), transaction(None) as session:
        placements = list_placements(session)
        text = write_units(placements, list_successions(session))
        record_export(session, None, "units", {"rows": len(placements)})
    file.write(text)
