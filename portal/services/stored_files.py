"""Take in the files that go with a report: told by their bytes, and kept once however often a unit uses them."""

import hashlib
from typing import NamedTuple

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.domain.file_kinds import is_named_so, kind_of, plain_name
from portal.errors import InvalidInput
from portal.models import StoredFile, Submission


class Kept(NamedTuple):
    """A file that was taken in: its name without any folder, and the digest under which its bytes are found."""

    filename: str
    sha256: str
    size: int


def keep(session: Session, row: Submission, filename: str, content: bytes, *, limit: int) -> Kept:
    """Keep the bytes of a file of the submission's unit; whoever calls names it in a row of its own.

    Raises:
        InvalidInput: the file is empty, larger than `limit` bytes, or of no kind that is taken in.
    """
    name = plain_name(filename)
    _require_fit(name, content, limit)
    kept = Kept(name, hashlib.sha256(content).hexdigest(), len(content))
    statement = insert(StoredFile).values(
        root_id=row.root_id,
        unit_id=row.unit_id,
        unit_path=row.unit_path,
        sha256=kept.sha256,
        size=kept.size,
        content=content,
    )
    session.execute(statement.on_conflict_do_nothing())
    return kept


def _require_fit(name: str, content: bytes, limit: int) -> None:
    if not content:
        raise InvalidInput("file", "empty_file" if name else "no_file", name)
    if len(content) > limit:
        raise InvalidInput("file", "file_too_large", name)
    kind = kind_of(content)
    if kind is None:
        raise InvalidInput("file", "kind_not_taken", name)
    if not is_named_so(name, kind):
        raise InvalidInput("file", "named_otherwise", name)
