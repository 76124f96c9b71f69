"""`huizong worker`: the background jobs alone, for machines that serve no pages."""

import logging
import os

import click

from portal.cli.command import Command
from portal.cli.connection import config, server
from portal.jobs import worker


@click.command("worker", cls=Command, help="只运行后台任务 / run the background jobs only")
def command() -> None:
    """Do jobs until a signal comes."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("portal").setLevel(logging.INFO)
    settings = config()
    os.environ["HUIZONG_DATA_DIR"] = str(settings.data_dir)  # jobs read the settings themselves
    with server(settings) as target:
        worker.run(target.app_url)
