"""Record what leaves the portal: files handed to a browser or a program, and lists written out."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.queries.units import get_unit
from portal.services import events


class Download(StrEnum):
    """What a file is."""

    TEMPLATE = "template"
    ORIGINAL = "original"
    ANNOTATED = "annotated"
    PRINT = "print"
    RECEIPT = "receipt"
    EVIDENCE = "evidence"
    EXPLANATION = "explanation"


def record_file(
    session: Session, actor: Actor, what: Download, key: SubmissionKey, filename: str, content: bytes
) -> None:
    """A file of a submission was handed out, to somebody whose right to it was asked before.

    What somebody called a file of a draft is not on record here: superiors read of downloads, not of drafts.
    """
    about: dict[str, Any] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    if what not in {Download.EVIDENCE, Download.EXPLANATION, Download.ORIGINAL}:
        about["filename"] = filename
    _record(session, actor, what, key, about)


def record_receipt(session: Session, actor: Actor, key: SubmissionKey, version: int) -> None:
    """A version's receipt was handed out."""
    _record(session, actor, Download.RECEIPT, key, {"version": version})


def record_export(session: Session, actor: Actor | None, what: str, about: Mapping[str, Any]) -> None:
    """A list was written out: in the chain of the actor's unit, or in the portal's own without one."""
    if actor is None:
        events.record_for_portal(session, None, "list_exported", what, after=about)
        return
    place = actor.place
    events.record(session, actor, "list_exported", what, unit_code=place.code, root_id=place.root_id, after=about)


def _record(session: Session, actor: Actor, what: Download, key: SubmissionKey, about: Mapping[str, Any]) -> None:
    unit = get_unit(session, key.unit, period=key.period)
    after = {"what": what, **about}
    events.record(session, actor, "file_downloaded", str(key), unit_code=key.unit, root_id=unit.root_id, after=after)
