"""A print as PDF, made by WeasyPrint in a process of its own: it takes seconds, and memory no request should hold."""

import subprocess
import sys
from pathlib import Path

from portal.errors import ProgramMissing

_STYLESHEET = Path(__file__).parents[1] / "static" / "print.css"
_SECONDS = 120
_OPTIONS = ("--quiet", "--pdf-tags", "--allowed-protocols", "data", "--stylesheet", str(_STYLESHEET))
"""Nothing is fetched, whatever somebody wrote into a report: the document refers to nothing outside itself."""


def pdf_of(html: str) -> bytes:
    """The page as PDF, tagged for screen readers.

    Raises:
        ProgramMissing: WeasyPrint finds no Pango on this machine, or took too long.
    """
    command = [sys.executable, "-m", "weasyprint", *_OPTIONS, "-", "-"]
    try:
        made = subprocess.run(  # noqa: S603 - our own interpreter and options
            command, input=html.encode(), capture_output=True, timeout=_SECONDS, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        raise ProgramMissing("weasyprint", (failure.stderr or b"").decode(errors="replace")[-500:]) from failure
    return made.stdout
