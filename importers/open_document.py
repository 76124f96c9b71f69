"""A workbook as OpenDocument spreadsheet (.ods), converted by LibreOffice where this machine has it."""

import shutil
import tempfile
from pathlib import Path

from portal.errors import ProgramMissing
from portal.programs import run

PROGRAM = "libreoffice"


def as_ods(workbook: bytes) -> bytes:
    """One of our own .xlsx workbooks as .ods: drop-downs, locks, comments, names and properties stay.

    Raises:
        ProgramMissing: LibreOffice is not installed, or did not manage.
    """
    office = shutil.which("soffice") or shutil.which(PROGRAM)
    if office is None:
        raise ProgramMissing(PROGRAM)
    with tempfile.TemporaryDirectory(prefix="huizong-") as place:
        folder = Path(place)
        source, target = folder / "workbook.xlsx", folder / "workbook.ods"
        source.write_bytes(workbook)
        command = [
            office,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",  # of its own: two may run at the same time
            "--headless",
            "--convert-to",
            "ods",
            "--outdir",
            str(folder),
            str(source),
        ]
        run(PROGRAM, command)
        if not target.exists():
            raise ProgramMissing(PROGRAM, "nothing was written")
        return target.read_bytes()
