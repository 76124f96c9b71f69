"""`huizong demo`: made-up figures around real places, to try the portal with."""

from pathlib import Path

import click
from tqdm import tqdm

from portal.cli.command import Group
from portal.cli.connection import config, connected, server
from portal.cli.preparing import prepare
from portal.cli.words import say
from portal.demo import accounts
from portal.demo.loading import load


@click.group("demo", cls=Group, help="演示数据 / demonstration data")
def command() -> None:
    """The noun."""


@command.command("load", help="载入演示数据，已有的不动 / load the demonstration; what is there stays")
def load_() -> None:
    """Make tables and permissions where they are missing, then load what is missing."""
    settings = config()
    with server(settings) as target:
        prepare(settings, target)
        with connected(target):
            load_with_progress(settings.data_dir)
    listing = settings.data_dir / accounts.FILENAME
    say(f"演示数据已载入，账号见 {listing}。", f"The demonstration is loaded; its accounts are in {listing}.")


def load_with_progress(data_dir: Path) -> None:
    """Load the demonstration into the connected database, with a bar on the terminal."""
    with tqdm(desc="演示数据 demo", unit="份", disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        load(data_dir, show)
