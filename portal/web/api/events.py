"""`events`: what happened, as far as the actor may know."""

from flask import Response
from marshmallow import fields

from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.queries.event_search import search_events
from portal.queries.paging import PageOf
from portal.web.api.fields import KeyField, Paged
from portal.web.api.resource import Resource, answer, endpoint
from portal.web.api.shapes import event_shape, paged


class EventsQuery(Paged):
    """Of a unit, the actor's own by default, or of one submission."""

    unit = fields.String(load_default=None)
    submission = KeyField(load_default=None)


class EventsApi(Resource):
    """The record of events."""

    resource_name = "events"

    @endpoint("", query=EventsQuery)
    def index(
        self, actor: Actor, *, unit: str | None, submission: SubmissionKey | None, page: int, page_size: int
    ) -> Response:
        """What happened, newest first."""
        of_unit = submission.unit if submission else unit or actor.place.code
        part = PageOf(page, page_size)
        with transaction(actor) as session:
            found = search_events(session, actor, unit=of_unit, submission=submission, page=part)
        return answer(paged([event_shape(event) for event in found.items], found.count, part))
