"""The gate: decide by the bytes, before any parser, what an upload is and whether it may be opened at all.

Runs in the web process and parses nothing but the directory of a zip or of an OLE file.
"""

import io
import re
from enum import StrEnum

from importers import limits
from importers.zip_directory import open_zip, part_name
from portal.errors import WorkbookUnreadable


class FileKind(StrEnum):
    """What is read. An .et of WPS is an XLS by its content; a text is a CSV if it is named so."""

    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    CSV = "csv"


_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REFUSED_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "is_pdf"),
    (b"MZ", "is_exe"),
    (b"\x7fELF", "is_exe"),
    (b"\x89PNG", "is_picture"),
    (b"\xff\xd8\xff", "is_picture"),
    (b"GIF8", "is_picture"),
    (b"Rar!", "is_archive"),
    (b"7z\xbc\xaf\x27\x1c", "is_archive"),
    (b"\x1f\x8b", "is_archive"),
    (b"PK\x05\x06", "not_ooxml"),  # an empty zip
)
# Excel 2 to 4 wrote the record stream without a container: record BOF, its length, a zero.
_BARE_BIFF = re.compile(rb"\x09[\x00\x02\x04\x08][\x04-\x10]\x00")
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|table|meta)[\s>]", re.IGNORECASE)
_SPREADSHEETML = b"urn:schemas-microsoft-com:office:spreadsheet"
_FLAT_ODF = b"urn:oasis:names:tc:opendocument:xmlns:office"
_ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_BEGINNING = 4096
_TEXT, _UNKNOWN = "text_or_csv", "unknown_format"
_TEXT_ENDINGS = (".csv", ".tsv", ".txt")
_LINE_CONTROLS = frozenset(b"\t\n\r")

MACRO_PART, MACRO_STREAM = "vbaproject.bin", "_vba_project_cur"
"""Where macros are in a zip and in an OLE file, in small letters."""


def admit(content: bytes, filename: str = "", *, with_macros: bool = False) -> FileKind:
    """What kind of workbook the bytes are.

    Args:
        content: the bytes of the file.
        filename: tells a CSV from any other text, and from one that was only renamed to look like a workbook.
        with_macros: admit workbooks with macros too; no reader looks at them, and nothing runs them.

    Raises:
        WorkbookUnreadable: they are no workbook, or none that may be opened; `reason` says why.
    """
    if not content:
        raise WorkbookUnreadable("empty")
    if len(content) > limits.MAX_FILE_BYTES:
        raise WorkbookUnreadable("too_big", f"{len(content) / 1024**2:.1f} MB")
    if content.startswith(_ZIP):
        return _admit_zip(content, with_macros=with_macros)
    if content.startswith(_OLE):
        return _admit_ole(content, with_macros=with_macros)
    if _BARE_BIFF.match(content):
        return FileKind.XLS
    reason = _name_of(content)
    if reason in {_TEXT, _UNKNOWN} and filename.lower().endswith(_TEXT_ENDINGS):
        return FileKind.CSV
    raise WorkbookUnreadable(reason)


def _admit_zip(content: bytes, *, with_macros: bool) -> FileKind:
    with open_zip(io.BytesIO(content)) as archive:
        names = {part_name(entry): entry for entry in archive.infolist()}
        if not with_macros and any(name.endswith(MACRO_PART) for name in names):
            raise WorkbookUnreadable("macro")
        if "word/document.xml" in names:
            raise WorkbookUnreadable("is_docx")
        if "mimetype" in names:
            # The type stands stored, not compressed, right behind the first header (OpenDocument 1.2 part 3, 3.3).
            if _ODS_TYPE not in content[:256]:
                raise WorkbookUnreadable("unknown_format")
            return FileKind.ODS
        if "xl/workbook.bin" in names:
            raise WorkbookUnreadable("xlsb")
        if "[content_types].xml" not in names:
            raise WorkbookUnreadable("not_ooxml")
    return FileKind.XLSX


def _admit_ole(content: bytes, *, with_macros: bool) -> FileKind:
    import olefile  # noqa: PLC0415 (the child that reads a workbook imports this module, and has no use for it)

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as container:
            streams = {"/".join(path).lower() for path in container.listdir()}
    except Exception as cause:  # olefile meets damage with errors of many unrelated types
        raise WorkbookUnreadable("corrupt_ole") from cause
    if "encryptedpackage" in streams:
        raise WorkbookUnreadable("encrypted")
    if not with_macros and any(stream.startswith(MACRO_STREAM) for stream in streams):
        raise WorkbookUnreadable("macro")
    if not streams & {"workbook", "book"}:
        raise WorkbookUnreadable("is_docx" if "worddocument" in streams else "corrupt_ole")
    return FileKind.XLS


def _name_of(content: bytes) -> str:
    """The reason why bytes that are neither zip nor OLE are refused."""
    for beginning, reason in _REFUSED_BEGINNINGS:
        if content.startswith(beginning):
            return reason
    head = content[:_BEGINNING]
    if _SPREADSHEETML in head:
        return "spreadsheetml2003"
    if _FLAT_ODF in head:
        return "flat_odf"
    if _HTML.search(head):
        return "html_table"
    return _TEXT if _is_text(head) else _UNKNOWN


def _is_text(head: bytes) -> bool:
    """Whether the beginning reads as UTF-8, UTF-16 with a mark, or GB 18030 without control characters."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    if any(byte < ord(" ") and byte not in _LINE_CONTROLS for byte in head):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            head[: len(head) - 4 if len(head) == _BEGINNING else None].decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
