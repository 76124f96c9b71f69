"""Files handed to the browser. None leaves without being put on record."""

import io
import unicodedata
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote
from uuid import UUID

from flask import Response, send_file

from importers.annotated import annotated
from importers.identity import Expected
from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.texts import Language
from portal.jobs.examining import examine_workbook
from portal.queries.submissions import get_submission
from portal.queries.uploads import content_of, get_upload
from portal.services.downloads import Download, record_file

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
CSV = "text/csv"
PDF = "application/pdf"
_CHUNK = 64 * 1024
_UNQUOTED = "!#$&+-.^_`|~"


def hand_out(
    actor: Actor, what: Download, key: SubmissionKey, content: bytes, filename: str, mimetype: str = XLSX
) -> Response:
    """A file of a submission, to be saved under that name."""
    with transaction(actor) as session:
        record_file(session, actor, what, key, filename, content)
    return send_file(io.BytesIO(content), mimetype, as_attachment=True, download_name=filename)


def hand_out_annotated(actor: Actor, upload_id: UUID, language: Language, suffix: str) -> Response:
    """The workbook of an upload back, every mistake marked where it stands. Made afresh: it is not kept.

    Raises:
        InvalidInput: it was not recognised or not readable, so that there is nothing to mark.
    """
    with transaction(actor) as session:
        upload = get_upload(session, actor, upload_id)
        view = get_submission(session, actor, upload.key)
        content = content_of(session, actor, upload_id)
    expected = Expected(view.form.code, view.key.unit, str(view.key.period), view.form.number)
    examination = examine_workbook(content, expected, filename=upload.filename)
    marked = annotated(examination, language=language, demo=view.task.demo)
    return hand_out(actor, Download.ANNOTATED, view.key, marked, f"{view.key}-{suffix}.xlsx")


def saved_as(content: IO[bytes], filename: str, mimetype: str) -> Response:
    """A file to be saved under that name, whose handing out is on record already; closed when it is sent."""
    response = Response(_sent(content), mimetype=mimetype)
    response.call_on_close(content.close)  # what is asked for its head alone is never read
    _name(response, filename)
    return response


def streamed(pieces: Iterator[bytes], filename: str, mimetype: str, size: int) -> Response:
    """The same of a file that comes in pieces."""
    response = Response(pieces, mimetype=mimetype)
    _name(response, filename)
    response.content_length = size
    return response


def _name(response: Response, filename: str) -> None:
    """Say what to save it as. A header is ASCII (RFC 8187): a web server refuses to send any other."""
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    names = {"filename": plain, "filename*": f"UTF-8''{quote(filename, safe=_UNQUOTED)}"}
    response.headers.set("Content-Disposition", "attachment", **names)


def _sent(content: IO[bytes]) -> Iterator[bytes]:
    content.seek(0)
    with content:
        while chunk := content.read(_CHUNK):
            yield chunk
