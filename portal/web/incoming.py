"""Files that a request brings."""

from flask import current_app
from werkzeug.datastructures import FileStorage

from portal.virus_scan import VirusScanner


def read_file(file: FileStorage) -> bytes:
    """The bytes of a file, once the virus scanner, where there is one, has nothing against them.

    Raises:
        VirusFound: it has.
        ScannerUnavailable: it could not be asked.
    """
    content: bytes = file.read()
    scanner: VirusScanner | None = current_app.config["VIRUS_SCANNER"]
    if scanner is not None:
        scanner.check(content)
    return content
