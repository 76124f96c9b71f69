"""What the command line says, in both languages: the terminal has no language switch."""

import click

Line = tuple[str, str]
"""Chinese, English."""


def both(line: Line) -> str:
    """Both languages in one line."""
    zh, en = line
    return f"{zh} / {en}"


def say(zh: str, en: str) -> None:
    """Tell how things go, on the error stream: what a command is asked for goes to the other."""
    click.echo(both((zh, en)), err=True)
