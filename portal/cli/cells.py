"""`huizong cells`: the answer to "why did you read it so?"."""

import json
from pathlib import Path

import click

from importers.cells import read_cells
from portal.cli.command import Command
from portal.cli.workbooks import WORKBOOK, content_of


@click.command("cells", cls=Command, help="列出读到的每个单元格（JSON 行） / list every cell as the importer reads it")
@click.argument("file", type=WORKBOOK)
def command(file: Path) -> None:
    """Print a JSON object per cell and line."""
    for cell in read_cells(content_of(file), file.name):
        click.echo(json.dumps(cell, ensure_ascii=False))
