"""`huizong db`: upgrade, check, back up and restore."""

from pathlib import Path

import click
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from portal import backups, schema
from portal.cli.command import Group
from portal.cli.connection import config, connected, server
from portal.cli.preparing import prepare
from portal.cli.words import say
from portal.db import transaction
from portal.embedded_postgres import Server
from portal.errors import PortalError
from portal.services.events import record_for_portal

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("db", cls=Group, help="数据库 / the database")
def command() -> None:
    """The noun."""


@command.command("upgrade", help="建立或升级数据表和权限 / create or upgrade tables and permissions")
def upgrade() -> None:
    """Bring tables, policies, functions and permissions up to date."""
    settings = config()
    with server(settings) as target:
        prepare(settings, target)
    say("数据库已是最新。", "The database is up to date.")


@command.command("check", help="核对数据表与程序是否一致 / compare the tables with the program")
@click.pass_context
def check(context: click.Context) -> None:
    """Exit code 1 if the schema is not what the models say."""
    with server(config()) as target:
        try:
            schema.check(target.owner_url)
        except CommandError as difference:
            say(f"数据表与程序不一致：{difference}", f"The tables are not those of the program: {difference}")
            context.exit(1)
    say("数据表与程序一致。", "The tables are those of the program.")


@command.command("backup", help="备份整个数据库到文件 / back the whole database up into a file")
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Write a backup, in pg_dump's custom format."""
    with server(config()) as target:
        _record_backup(target, file)
        backups.backup(target.owner_url, file)
    say(f"已备份到 {file}（{file.stat().st_size} 字节）。", f"Backed up to {file} ({file.stat().st_size} bytes).")


def _record_backup(target: Server, file: Path) -> None:
    """Put the backup on record, in the backup too; one is also made before an upgrade, when there may be no record."""
    try:
        with connected(target), transaction(None) as session:
            record_for_portal(session, None, "database_backed_up", file.name)
    except (DBAPIError, PortalError):
        say(
            "数据表是旧版的，这次备份没有记入审计日志。",
            "The tables are of an older version: the backup is not on record.",
        )


@command.command("restore", help="用备份替换整个数据库 / replace the whole database by a backup")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Replace what is in the database: all of it, or nothing if anything fails."""
    settings = config()
    with server(settings) as target:
        backups.restore(target.owner_url, file)
        prepare(settings, target)
        with connected(target), transaction(None) as session:
            record_for_portal(session, None, "database_restored", file.name)
    say("已恢复。", "Restored.")
