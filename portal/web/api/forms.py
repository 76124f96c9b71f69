"""`forms` and `collections`: what is asked, and what was sent down."""

from http import HTTPStatus
from typing import Any

from flask import Response
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from portal.db import transaction
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.form_file import form_digest, form_to_dict
from portal.domain.lifecycle import SIGN_OFFS, Action
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.queries.collections import get_collection, list_collections
from portal.queries.effective_forms import form_at
from portal.queries.forms import get_form, list_forms
from portal.queries.units import get_unit
from portal.services.collection_changes import change_settings
from portal.services.collections import send_down
from portal.web.api.fields import PeriodField
from portal.web.api.resource import Resource, answer, endpoint
from portal.web.api.shapes import collection_shape, form_shape, listed


class FormQuery(Schema):
    """Which version, the newest by default; or as a unit answers it for a period, with what was added for it."""

    number = fields.Integer(load_default=None, validate=validate.Range(1, 1_000_000))
    unit = fields.String(load_default=None)
    period = PeriodField(load_default=None)

    @validates_schema
    def _both(self, given: dict[str, Any], **_more: Any) -> None:
        if (given["unit"] is None) != (given["period"] is None):
            raise ValidationError("unit goes with period", "unit")


class CollectionsQuery(Schema):
    """Of which period and form."""

    period = PeriodField(load_default=None)
    form = fields.String(load_default=None)


class SettingsBody(Schema):
    """Who sees and who signs the answers; what is left out is as strict as it can be."""

    skip_level = fields.Boolean(load_default=False)
    names_siblings = fields.Boolean(load_default=False)
    one_person = fields.Boolean(load_default=False)
    entered_above = fields.Boolean(load_default=False)
    sign_offs = fields.List(fields.Enum(Action, by_value=True, validate=validate.OneOf(SIGN_OFFS)), load_default=list)

    @post_load
    def settings(self, given: dict[str, Any], **_more: Any) -> CollectionSettings:
        """The settings meant."""
        return CollectionSettings(**given | {"sign_offs": frozenset(given["sign_offs"])})


class CollectionBody(Schema):
    """A form version for a period; `exempt` says by unit code why a unit need not answer."""

    form = fields.String(required=True)
    number = fields.Integer(load_default=None, validate=validate.Range(1, 1_000_000))
    period = PeriodField(required=True)
    opens_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    settings = fields.Nested(SettingsBody, load_default=CollectionSettings)
    exempt = fields.Dict(fields.String(), fields.String(), load_default=dict)


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
    def show(self, actor: Actor, *, code: str, number: int | None, unit: str | None, period: Period | None) -> Response:
        """A version in the structure of a form file."""
        with transaction(actor) as session:
            if unit and period:
                asked = get_unit(session, unit, period=period)
                require(actor, Permission.SEE_UNIT, Subject(asked.path))
                form = form_at(session, asked, period, code)
            else:
                form = get_form(session, code, number)
        additions = [{"unit": by, "number": its_number} for by, its_number in form.additions]
        return answer({"digest": form_digest(form), "definition": form_to_dict(form), "additions": additions})


class CollectionsApi(Resource):
    """Forms sent down for a period."""

    resource_name = "collections"

    @endpoint("", query=CollectionsQuery)
    def index(self, actor: Actor, *, period: Period | None, form: str | None) -> Response:
        """What was sent down to the actor's unit, by it, or below it."""
        with transaction(actor) as session:
            rows = list_collections(session, actor, period=period, form=form)
        return answer(listed([collection_shape(row) for row in rows]))

    @endpoint("", "POST", body=CollectionBody, status=HTTPStatus.CREATED)
    def send(self, actor: Actor, *, body: dict[str, Any]) -> Response:
        """Send a form down to the actor's unit and all below it."""
        with transaction(actor) as session:
            form = get_form(session, body.pop("form"), body.pop("number"))
            key = CollectionKey(form.code, body.pop("period"))
            send_down(session, actor, form, key.period, **body)
            row = get_collection(session, actor, key)
        return answer(collection_shape(row), HTTPStatus.CREATED)

    @endpoint("/<key>/settings", "PUT", body=SettingsBody)
    def change(self, actor: Actor, *, key: str, body: CollectionSettings) -> Response:
        """Let other settings hold from now on; keys are such as `FZ-2023`."""
        name = CollectionKey.parse(key)
        with transaction(actor) as session:
            change_settings(session, actor, name, body)
            row = get_collection(session, actor, name)
        return answer(collection_shape(row))
