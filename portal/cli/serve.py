"""`huizong serve`: the whole portal, and what it prints once it answers."""

import csv
from dataclasses import replace
from pathlib import Path

import click

from portal import serving
from portal.cli.command import Command
from portal.cli.connection import config, connected
from portal.cli.demo import load_with_progress
from portal.cli.preparing import prepare
from portal.config import Config
from portal.demo import accounts
from portal.embedded_postgres import Server

# A province, one of its cities and one of that city's districts: enough to walk the way of a report.
_SHOWN_UNITS = ("440000", "441800", "441802")
_SHOWN_ROLES = ("system_admin", "reviewer", "head", "filler")


@click.command("serve", cls=Command, help="运行门户 / run the portal")
@click.option("--demo", is_flag=True, help="先载入演示数据 / load the demonstration first")
@click.option("--host", help="监听地址 / address to listen on  [127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="端口，0 为任意 / port, 0 for any free one  [8000]")
@click.pass_context
def command(context: click.Context, demo: bool, host: str | None, port: int | None) -> None:
    """Run database, web and worker until a signal comes."""
    settings = config()
    settings = replace(settings, host=host or settings.host, port=settings.port if port is None else port)

    def prepare_all(target: Server) -> None:
        prepare(settings, target)
        if demo:
            with connected(target):
                load_with_progress(settings.data_dir)

    context.exit(serving.serve(settings, prepare=prepare_all, banner=lambda: _banner(settings)))


def _banner(settings: Config) -> str:
    """The demonstration's accounts, if there are any."""
    listing = settings.data_dir / accounts.FILENAME
    if not listing.exists():
        return "按 Ctrl-C 停止。Press Ctrl-C to stop."
    return "\n".join(
        [
            "演示账号 Demonstration accounts（演示数据，非真实数据 made-up figures）:",
            *_accounts(listing),
            f"全部账号 All accounts: {listing}",
            "按 Ctrl-C 停止。Press Ctrl-C to stop.",
        ]
    )


def _accounts(listing: Path) -> list[str]:
    with listing.open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    rows = [row for row in listed if row["unit_code"] in _SHOWN_UNITS and row["role"] in _SHOWN_ROLES]
    rows.sort(key=lambda row: row["unit_code"])
    return [f"  {row['username']:<24} {row['password']}  {row['unit_name']} {row['role']}" for row in rows]
