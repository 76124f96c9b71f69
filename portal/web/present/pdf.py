"""A print as PDF, made by WeasyPrint in a process of its own: it takes seconds, and memory no request should hold."""

import sys
from pathlib import Path

from portal.programs import run

_STYLESHEET = Path(__file__).parents[1] / "static" / "print.css"
_OPTIONS = ["--quiet", "--pdf-tags", "--allowed-protocols", "data", "--stylesheet", str(_STYLESHEET)]
"""Nothing is fetched, whatever somebody wrote into a report: the document refers to nothing outside itself."""


def pdf_of(html: str) -> bytes:
    """The page as PDF, tagged for screen readers.

    Raises:
        ProgramMissing: WeasyPrint finds no Pango on this machine, or took too long.
    """
    return run("weasyprint", [sys.executable, "-m", "weasyprint", *_OPTIONS, "-", "-"], given=html.encode())
