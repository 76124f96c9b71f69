"""A batch's file as it is handed out: never whole in memory."""

from collections.abc import Iterator
from uuid import UUID

from flask import Response

from portal.db import transaction
from portal.domain.batches import BatchKind
from portal.domain.policy import Actor
from portal.errors import NotFound
from portal.queries.batches import BatchView, find_piece, get_batch
from portal.services.downloads import record_export
from portal.web.present.files import XLSX, streamed


def hand_out_file(actor: Actor, batch_id: UUID) -> Response:
    """The file that was made, or that was handed in, exactly as it came, to be saved.

    Raises:
        NotFound: the actor's unit has no such batch, or it has no file.
    """
    with transaction(actor) as session:
        batch = get_batch(session, actor, batch_id)
        if not batch.has_file:
            raise NotFound("file", batch_id)
        about = {"batch": str(batch.id), "size": batch.size, "sha256": batch.sha256}
        record_export(session, actor, f"batch_{batch.kind}", about)
    mimetype = XLSX if batch.kind is BatchKind.TABLE else "application/octet-stream"
    return streamed(_pieces(actor, batch), batch.filename, mimetype, batch.size)


def _pieces(actor: Actor, batch: BatchView) -> Iterator[bytes]:
    number = 0
    while True:
        with transaction(actor) as session:
            piece = find_piece(session, actor, batch.id, number)
        if piece is None:
            return
        yield piece
        number += 1
