"""`submissions`: found, shown, moved along their way, with receipt and workbook."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from importers.identity import UnitName
from importers.template import template
from portal.db import transaction
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.errors import Conflict, NotFound
from portal.queries.paging import PageOf
from portal.queries.submission_search import search_submissions
from portal.queries.submissions import get_readable, get_submission, list_versions
from portal.services import moves
from portal.services.acceptance import accept
from portal.services.downloads import Download, record_receipt
from portal.web.api.fields import CollectionField, Paged, PeriodField
from portal.web.api.reading import read_row_version
from portal.web.api.resource import Resource, answer, endpoint, outdated, speech
from portal.web.api.shapes import paged, receipt_shape, submission_shape, task_shape
from portal.web.errors import fields_of, sentence
from portal.web.present.files import hand_out
from portal.web.present.moves import open_actions


class SubmissionsQuery(Paged):
    """Of which unit, period, form and state."""

    unit = fields.String(load_default=None)
    period = PeriodField(load_default=None)
    form = fields.String(load_default=None)
    state = fields.Enum(State, by_value=True, load_default=None)


class ActionBody(Schema):
    """Why; required to send back and to reopen."""

    reason = fields.String(load_default="")


class AcceptanceBody(Schema):
    """Whose submissions, each with its row version as it was seen; `null`: as it is now."""

    collection = CollectionField(required=True)
    seen = fields.Dict(fields.String(), fields.Integer(strict=True, allow_none=True), required=True)
    reason = fields.String(load_default="")


class ReceiptQuery(Schema):
    """Of which version; the one handed in last by default."""

    version = fields.Integer(load_default=None)


class SubmissionsApi(Resource):
    """Submissions, by keys such as `441802-2023-FZ`."""

    resource_name = "submissions"

    @endpoint("", query=SubmissionsQuery)
    def index(self, actor: Actor, *, page: int, page_size: int, **wanted: Any) -> Response:
        """Submissions of the actor's unit and all below it, newest period first."""
        part = PageOf(page, page_size)
        with transaction(actor) as session:
            found = search_submissions(session, actor, page=part, **wanted)
        return answer(paged([task_shape(task) for task in found.items], found.count, part))

    @endpoint("/<key>")
    def show(self, actor: Actor, *, key: str) -> Response:
        """A submission without its figures, and what the actor may do with it now."""
        with transaction(actor) as session:
            view = get_submission(session, actor, SubmissionKey.parse(key))
            versions = list_versions(session, actor, view.key)
        shape = submission_shape(view, versions, open_actions(actor, view))
        return answer(shape, row_version=view.row_version)

    @endpoint("/<key>/workbook")
    def workbook(self, actor: Actor, *, key: str) -> Response:
        """The form as a workbook, with last year's figures and the draft's."""
        with transaction(actor) as session:
            view = get_readable(session, actor, SubmissionKey.parse(key))
        content = template(
            view.form,
            UnitName(view.unit.code, view.unit.name, view.unit.level),
            view.key.period,
            last_year=view.last_year,
            current=view.values,
            lists=view.around.lists,
            language=speech(),
            demo=view.task.demo,
        )
        return hand_out(actor, Download.TEMPLATE, view.key, content, f"{view.key}.xlsx")

    @endpoint("/<key>/actions/<verb>", "POST", body=ActionBody)
    def act(self, actor: Actor, *, key: str, verb: str, body: dict[str, str]) -> Response:
        """Take an action; with `If-Match`, only if the submission is as it was seen."""
        if verb not in set(Action):
            raise NotFound("action", verb)
        name, seen = SubmissionKey.parse(key), read_row_version()
        try:
            with transaction(actor) as session:
                moves.take(session, actor, name, Action(verb), reason=body["reason"], seen=seen)
                view = get_submission(session, actor, name)
        except Conflict as conflict:
            if seen is not None:
                return outdated(conflict)
            raise
        return answer(task_shape(view.task), row_version=view.row_version)

    @endpoint("/acceptances", "POST", body=AcceptanceBody)
    def accept(self, actor: Actor, *, body: dict[str, Any]) -> Response:
        """Accept many submissions of one collection, and leave those alone that cannot be; says of each what became."""
        with transaction(actor) as session:
            verdicts = accept(session, actor, body["collection"], body["seen"], reason=body["reason"])
        refused = [(each.unit, each.refusal) for each in verdicts if each.refusal is not None]
        return answer(
            {
                "accepted": [each.unit for each in verdicts if each.refusal is None],
                "refused": [
                    {"unit": unit, "code": refusal.code, "detail": sentence(refusal)} | fields_of(refusal)
                    for unit, refusal in refused
                ],
            }
        )

    @endpoint("/<key>/receipt", query=ReceiptQuery)
    def receipt(self, actor: Actor, *, key: str, version: int | None) -> Response:
        """The receipt of a version that was handed in, with its digests."""
        name = SubmissionKey.parse(key)
        with transaction(actor) as session:
            sealed = [each for each in list_versions(session, actor, name) if each.sealed_at is not None]
            found = next((each for each in sealed if version in {None, each.number}), None)
            if found is None:
                raise NotFound("receipt", key)
            record_receipt(session, actor, name, found.number)
        return answer(receipt_shape(name, found))
