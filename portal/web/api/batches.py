"""`batches`: files for all units below, and files with their answers, made, entered or checked in the background."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, url_for
from marshmallow import Schema, fields, validate

from portal.db import transaction
from portal.domain.batches import BatchKind, LineOutcome
from portal.domain.collections import CollectionKey
from portal.domain.forms import Language
from portal.domain.policy import Actor
from portal.jobs import batches as jobs
from portal.queries.batches import BatchView, LineView, count_lines, get_batch, list_batches, list_lines
from portal.queries.paging import PageOf
from portal.services import batches
from portal.web.api.fields import CollectionField, Paged
from portal.web.api.reading import read_form, sent_file
from portal.web.api.resource import Json, Resource, answer, endpoint, speech
from portal.web.api.shapes import instant, listed, paged
from portal.web.incoming import scanned
from portal.web.present.batches import hand_out_file

MADE = (BatchKind.TEMPLATES, BatchKind.TABLE)


class BatchesQuery(Schema):
    """Of which collection."""

    collection = CollectionField(required=True)


class OrderBody(Schema):
    """What is to be made: a zip of templates, or one table; with the figures that the person may see, or blank."""

    collection = CollectionField(required=True)
    kind = fields.Enum(BatchKind, by_value=True, required=True, validate=validate.OneOf(MADE))
    with_figures = fields.Boolean(load_default=False)


class AnswersForm(Schema):
    """What the file answers; whether it replaces figures that stand in drafts, and whether it is only to be checked."""

    collection = CollectionField(required=True)
    replaces = fields.Boolean(load_default=False)
    check_only = fields.Boolean(load_default=False)


class AnswersBody(AnswersForm):
    """The same with the file, for the description."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class LinesQuery(Paged):
    """Which units: all, or those that came to one outcome."""

    outcome = fields.Enum(LineOutcome, by_value=True, load_default=None)


class BatchesApi(Resource):
    """Batches of the unit acted for."""

    resource_name = "batches"

    @endpoint("", query=BatchesQuery)
    def index(self, actor: Actor, *, collection: CollectionKey) -> Response:
        """The newest batches for a collection."""
        with transaction(actor) as session:
            rows = list_batches(session, actor, collection)
        return answer(listed([_batch(row) for row in rows]))

    @endpoint("/files", "POST", body=OrderBody, status=HTTPStatus.ACCEPTED)
    def order(self, actor: Actor, *, body: dict[str, Any]) -> Response:
        """Have templates or a table made in the background; `Location` is where to look."""
        with transaction(actor) as session:
            batch_id = jobs.order(
                session,
                actor,
                body["collection"],
                body["kind"],
                with_figures=body["with_figures"],
                language=speech(),
            )
            return _accepted(get_batch(session, actor, batch_id))

    @endpoint("/answers", "POST", form=AnswersBody, status=HTTPStatus.ACCEPTED)
    def hand_in(self, actor: Actor) -> Response:
        """Keep a consolidated workbook or a zip of templates, to be entered or only checked in the background."""
        chosen = read_form(AnswersForm)
        name, file = sent_file()
        key, replaces, check_only = chosen["collection"], chosen["replaces"], chosen["check_only"]
        with transaction(actor) as session:
            batch_id = jobs.hand_in(session, actor, key, name, scanned(file), replaces=replaces, check_only=check_only)
            return _accepted(get_batch(session, actor, batch_id))

    @endpoint("/<uuid:batch_id>")
    def show(self, actor: Actor, *, batch_id: UUID) -> Response:
        """How far a batch is, how many units came to which outcome, and what is to be said about the whole file."""
        with transaction(actor) as session:
            batch = get_batch(session, actor, batch_id)
            counts = count_lines(session, actor, batch_id)
        return answer(_whole(batch) | {"outcomes": {str(outcome): count for outcome, count in counts.items()}})

    @endpoint("/<uuid:batch_id>/lines", query=LinesQuery)
    def lines(
        self, actor: Actor, *, batch_id: UUID, page: int, page_size: int, outcome: LineOutcome | None
    ) -> Response:
        """What became of every unit, in the order of the file, with its first findings."""
        part = PageOf(page, page_size)
        with transaction(actor) as session:
            get_batch(session, actor, batch_id)
            counts = count_lines(session, actor, batch_id)
            some = list_lines(session, actor, batch_id, outcome=outcome, first=part.first, most=part.size)
        count = counts[outcome] if outcome else counts.total()
        return answer(paged([_line(line, speech()) for line in some], count, part))

    @endpoint("/<uuid:batch_id>/file")
    def file(self, actor: Actor, *, batch_id: UUID) -> Response:
        """The file that was made, or that was handed in, exactly as it came."""
        return hand_out_file(actor, batch_id)

    @endpoint("/<uuid:batch_id>/cancel", "POST")
    def cancel(self, actor: Actor, *, batch_id: UUID) -> Response:
        """Stop before the next units; what is entered stays."""
        with transaction(actor) as session:
            batches.cancel(session, actor, batch_id)
            return answer(_whole(get_batch(session, actor, batch_id)))

    @endpoint("/<uuid:batch_id>/enter", "POST", status=HTTPStatus.ACCEPTED)
    def enter(self, actor: Actor, *, batch_id: UUID) -> Response:
        """Have a file that was only checked entered after all, as a batch of its own."""
        with transaction(actor) as session:
            return _accepted(get_batch(session, actor, jobs.enter_checked(session, actor, batch_id)))


def _accepted(batch: BatchView) -> Response:
    response = answer(_whole(batch), HTTPStatus.ACCEPTED)
    response.headers["Location"] = url_for("BatchesApi.show", batch_id=batch.id)
    return response


def _batch(batch: BatchView) -> Json:
    return {
        "id": str(batch.id),
        "collection": str(batch.key),
        "kind": str(batch.kind),
        "with_figures": batch.with_figures,
        "state": str(batch.state),
        "done": batch.done,
        "total": batch.total,
        "filename": batch.filename,
        "size": batch.size,
        "sha256": batch.sha256 or None,
        "made_by": batch.made_by,
        "made_at": instant(batch.made_at),
        "ended_at": instant(batch.ended_at),
    }


def _whole(batch: BatchView) -> Json:
    """The same with what is to be said about the file as a whole, once it was read."""
    return _batch(batch) | {"report": batch.report and _in_language(batch.report, speech())}


def _in_language(report: Json, language: Language) -> Json:
    said = {name: report[name][language] for name in ("message", "advice") if name in report}
    return report | said | {"remarks": [remark[language] for remark in report["remarks"]]}


def _line(line: LineView, language: Language) -> Json:
    return {
        "name": line.name,
        "place": line.place,
        "outcome": str(line.outcome),
        "stored": line.stored,
        "counts": line.counts,
        "findings": [
            {"severity": each["severity"], "indicator": each["indicator"] or None, "cell": each["cell"] or None}
            | {"message": each[language]}
            for each in line.findings
        ],
    }
