"""Workbooks edited in a real LibreOffice, by the script beside this module."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

NEEDED = "LibreOffice or its Python bridge is missing (libreoffice-calc python3-uno)"
_PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class Job:
    """A workbook to be edited.

    Attributes:
        source: the file that is opened.
        target: the file that is written; its ending says in which format.
        edits: what is done in between: each the name of a function of `edit.py`, and its arguments.
        password: without which nobody can open the file that is written; empty for none.
    """

    source: Path
    target: Path
    edits: tuple[tuple[object, ...], ...] = ()
    password: str = ""


@cache
def can_edit() -> bool:
    """Whether this machine has what it takes."""
    if shutil.which("soffice") is None or not Path(_PYTHON).exists():
        return False
    return subprocess.run([_PYTHON, "-c", "import uno"], capture_output=True, check=False).returncode == 0


def edit(jobs: Iterable[Job], folder: Path) -> None:
    """Do the jobs, one after the other, in one LibreOffice."""
    listed = folder / "jobs.json"
    listed.write_text(json.dumps([asdict(job) for job in jobs], default=str), encoding="utf-8")
    script = Path(__file__).with_name("edit.py")
    done = subprocess.run([_PYTHON, str(script), str(listed)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
