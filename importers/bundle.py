"""A zip of many workbooks: each goes the road of a single upload; nothing is unpacked to a disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812 - the library's own name says too little

from importers import limits
from importers.zip_directory import open_zip, part_name
from portal.errors import WorkbookUnreadable

MOST_FILES = 5_000
_ZIP = b"PK\x03\x04"
_UTF8_NAME = 0x800
LIST_NAMES = ("00_清单.csv", "00_list.csv")
"""What the list of files in a bundle of ours is called, in both languages."""

_OF_SYSTEMS = {".ds_store", "thumbs.db", "desktop.ini"}
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class BundledFile:
    """A file of a bundle.

    Attributes:
        name: as a person reads it; never used as a path.
        size: that the directory promises.
    """

    name: str
    size: int
    entry: ZipInfo


class Bundle:
    """A zip whose directory stays within the limits; one of its files at a time is in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._archive: ZipFile = _open(file)
        files = [entry for entry in self._archive.infolist() if not entry.is_dir()]
        self.files = tuple(BundledFile(_name(entry), entry.file_size, entry) for entry in files if not _is_other(entry))
        self.others = tuple(_name(entry) for entry in files if _is_other(entry))

    def read(self, file: BundledFile) -> bytes:
        """A file's bytes, no more of them than a workbook may have.

        Raises:
            WorkbookUnreadable: `too_big`, or `corrupt_zip`.
        """
        if file.size > limits.MAX_FILE_BYTES:
            raise WorkbookUnreadable("too_big", f"{file.size / 1024**2:.1f} MB")
        try:
            content = b"".join(self._chunks(file))
        except (BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError) as cause:
            raise WorkbookUnreadable("corrupt_zip", file.name) from cause
        return content

    def _chunks(self, file: BundledFile) -> Iterator[bytes]:
        """What inflates, whatever the directory promised."""
        left = limits.MAX_FILE_BYTES
        with self._archive.open(file.entry) as stream:
            while chunk := stream.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise WorkbookUnreadable("too_big", file.name)
                yield chunk


def is_bundle(file: IO[bytes]) -> bool:
    """Whether a file is a zip that is neither a workbook nor a document.

    Raises:
        WorkbookUnreadable: a zip that may not be opened.
    """
    file.seek(0)
    if file.read(len(_ZIP)) != _ZIP:
        return False
    with _open(file) as archive:
        names = {part_name(entry) for entry in archive.infolist()}
    return names.isdisjoint({"[content_types].xml", "mimetype"})


def _open(file: IO[bytes]) -> ZipFile:
    return open_zip(file, most_parts=MOST_FILES, most_bytes=limits.MAX_BUNDLE_TOTAL_BYTES)


def _is_other(entry: ZipInfo) -> bool:
    """What operating systems put into zips, and our own list."""
    folder, _slash, name = _name(entry).lower().rpartition("/")
    return folder.startswith("__macosx") or name in _OF_SYSTEMS or name in LIST_NAMES


def _name(entry: ZipInfo) -> str:
    """The name as it was meant: zips made on Chinese Windows hold GB 18030 and do not say so."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename
