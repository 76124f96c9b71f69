"""What kinds of files go with a report, told by their bytes and not by their names."""

import io
import zipfile
from enum import StrEnum


class FileKind(StrEnum):
    """A kind of file that is taken in; also how its name ends."""

    PDF = "pdf"
    JPEG = "jpg"
    PNG = "png"
    DOCX = "docx"
    XLSX = "xlsx"
    OFD = "ofd"  # 版式文件, GB/T 33190


_BEGINNINGS = {b"%PDF-": FileKind.PDF, b"\xff\xd8\xff": FileKind.JPEG, b"\x89PNG\r\n\x1a\n": FileKind.PNG}
_MEMBERS = {"word/document.xml": FileKind.DOCX, "xl/workbook.xml": FileKind.XLSX, "OFD.xml": FileKind.OFD}
_MACROS = "vbaProject.bin"
_OTHER_ENDINGS = {"jpeg": FileKind.JPEG}


def kind_of(content: bytes) -> FileKind | None:
    """The kind of a file; None: it is not taken in. An office file with macros is none of these."""
    for beginning, kind in _BEGINNINGS.items():
        if content.startswith(beginning):
            return kind
    if not content.startswith(b"PK"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None  # all that `zipfile` raises on a directory that is damaged, forged or of a later version
    if any(name.endswith(_MACROS) for name in names):
        return None
    return next((kind for member, kind in _MEMBERS.items() if member in names), None)


def is_named_so(filename: str, kind: FileKind) -> bool:
    """Whether a file's name ends as its kind should, so that it opens in the right program."""
    ending = filename.rpartition(".")[2].lower()
    return ending == kind or _OTHER_ENDINGS.get(ending) is kind


def plain_name(filename: str) -> str:
    """A file's name without any folder and without what cannot be printed; its last 120 characters."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable()).strip()[-120:]
