"""Commands that all take `--data-dir`, before or after their own name."""

from pathlib import Path
from typing import Any

import click

_DATA_DIR = "portal.cli.data_dir"


def data_dir() -> Path | None:
    """The data directory named on the command line, the innermost if several times."""
    place: Path | None = click.get_current_context().meta.get(_DATA_DIR)
    return place


def _remember(context: click.Context, _parameter: click.Parameter, place: Path | None) -> None:
    if place is not None:
        context.meta[_DATA_DIR] = place


def _data_dir_option() -> click.Option:
    return click.Option(
        ["--data-dir"],
        type=click.Path(file_okay=False, path_type=Path),
        expose_value=False,
        callback=_remember,
        help="数据目录（或 HUIZONG_DATA_DIR） / data directory",
    )


class Command(click.Command):
    """A command with `--data-dir`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.append(_data_dir_option())


class Group(click.Group):
    """A group with `--data-dir`, as its commands have it."""

    command_class = Command

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.append(_data_dir_option())
