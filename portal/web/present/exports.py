"""Lists written out: as CSV for other programs, or as a workbook that says on its first sheet what it holds."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Response
from sqlalchemy.orm import Session

from importers.list_workbook import Content, write_list_workbook
from portal.clock import CHINA
from portal.domain.policy import Actor
from portal.domain.spreadsheet_text import not_a_formula
from portal.domain.values import exact_text
from portal.errors import InvalidInput, NotFound
from portal.services.downloads import record_export
from portal.web.language import gettext as _
from portal.web.present.files import CSV, XLSX, saved_as

LIMITS = {"csv": 500_000, "xlsx": 50_000}
"""The most rows that a file of the format may have; a spreadsheet takes ten times as long to write."""
IN_MEMORY = 4 * 1024 * 1024
"""Bytes up to which a file is kept in memory while it is written."""
_MEDIA = {"csv": CSV, "xlsx": XLSX}


@dataclass(frozen=True)
class Listing:
    """A list that is written out.

    Attributes:
        title: heads the cover sheet, and names the file.
        columns: name and width (in characters).
        rows: numbers stay numbers in a workbook; one row at a time is in memory.
        about: label and content of what the cover says besides: the filters, what the numbers rest on.
        count: rows that there will be.
    """

    title: str
    columns: Sequence[tuple[str, int]]
    rows: Iterable[Sequence[Content]]
    about: Sequence[tuple[str, str]]
    count: int
    made_at: datetime
    made_by: str

    def filename(self, form: str) -> str:
        """What to save it as."""
        return f"{self.title}-{self.made_at.astimezone(CHINA):%Y%m%d-%H%M%S}.{form}"


def check_size(form: str, count: int) -> None:
    """Settle before anything is written whether it can be.

    Raises:
        NotFound: there is no such format.
        InvalidInput: there are more rows than such a file may have.
    """
    if form not in LIMITS:
        raise NotFound("format", form)
    if count > LIMITS[form]:
        raise InvalidInput("export", "export_too_long", count)


def hand_out_list(
    session: Session, actor: Actor, what: str, form: str, listing: Listing, more: Mapping[str, Any] | None = None
) -> Response:
    """The list as a file to be saved. That it was written out goes on record, with the filters, a digest and `more`."""
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the response closes it
    try:
        about = write(file, form, listing)
        record_export(session, actor, what, {**about, **(more or {})})
    except BaseException:
        file.close()
        raise
    return saved_as(file, listing.filename(form), _MEDIA[form])


def write(file: IO[bytes], form: str, listing: Listing) -> dict[str, Any]:
    """Write the list into the file; gives what goes on record: format, rows, the filters and a digest.

    The digest, SHA-256, is that of the header and the rows as they stand in the CSV file, so that a workbook and a CSV
    file of the same list can be told to be the same.
    """
    digest = hashlib.sha256()
    rows = _digested(listing, digest)
    if form == "xlsx":
        write_list_workbook(
            file,
            title=listing.title,
            cover_name=_("说明"),
            cover=lambda: [*_cover(listing), ("SHA-256", digest.hexdigest())],
            list_name=listing.title,
            columns=listing.columns,
            rows=rows,
        )
    else:
        _write_csv(file, listing, rows)
    filters = {label: content for label, content in listing.about if content}
    return {"format": form, "rows": listing.count, "filter": filters, "sha256": digest.hexdigest()}


def _digested(listing: Listing, digest: Any) -> Iterator[Sequence[Content]]:
    digest.update(_line([name for name, _width in listing.columns]))
    for row in listing.rows:
        digest.update(_line(row))
        yield row


def _write_csv(file: IO[bytes], listing: Listing, rows: Iterable[Sequence[Content]]) -> None:
    """With a byte order mark, without which Excel takes UTF-8 for something else."""
    file.write(b"\xef\xbb\xbf")
    file.write(_line([name for name, _width in listing.columns]))
    for row in rows:
        file.write(_line(row))


def _line(row: Sequence[Content]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([_in_csv(content) for content in row])
    return line.getvalue().encode()


def _in_csv(content: Content) -> str:
    if isinstance(content, str):
        return not_a_formula(content)
    return exact_text(Decimal(content)) if content is not None else ""


def _cover(listing: Listing) -> list[tuple[str, str]]:
    return [
        (_("导出时间"), f"{listing.made_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"),
        (_("导出人"), listing.made_by),
        *((label, content or "—") for label, content in listing.about),
        (_("行数"), str(listing.count)),
    ]
