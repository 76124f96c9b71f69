"""`forms` and `collections`: what is asked, and what was sent down."""

from flask import Response
from marshmallow import Schema, fields, validate

from portal.db import transaction
from portal.domain.form_file import form_digest, form_to_dict
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.queries.collections import list_collections
from portal.queries.forms import get_form, list_forms
from portal.web.api.fields import PeriodField
from portal.web.api.resource import Resource, answer, endpoint
from portal.web.api.shapes import collection_shape, form_shape, listed


class FormQuery(Schema):
    """Which version; the newest by default."""

    number = fields.Integer(load_default=None, validate=validate.Range(1, 1_000_000))


class CollectionsQuery(Schema):
    """Of which period and form."""

    period = PeriodField(load_default=None)
    form = fields.String(load_default=None)


class FormsApi(Resource):
    """Published forms; every signed-in person may read them."""

    resource_name = "forms"

    @endpoint("")
    def index(self, actor: Actor) -> Response:
        """Every version of every form."""
        with transaction(actor) as session:
            forms = list_forms(session)
        return answer(listed([form_shape(form) for form in forms]))

    @endpoint("/<code>", query=FormQuery)
    def show(self, actor: Actor, *, code: str, number: int | None) -> Response:
        """A version in the structure of a form file."""
        with transaction(actor) as session:
            form = get_form(session, code, number)
        return answer({"digest": form_digest(form), "definition": form_to_dict(form)})


class CollectionsApi(Resource):
    """Forms sent down for a period."""

    resource_name = "collections"

    @endpoint("", query=CollectionsQuery)
    def index(self, actor: Actor, *, period: Period | None, form: str | None) -> Response:
        """What was sent down to the actor's unit, by it, or below it."""
        with transaction(actor) as session:
            rows = list_collections(session, actor, period=period, form=form)
        return answer(listed([collection_shape(row) for row in rows]))
