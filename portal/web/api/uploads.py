"""`uploads`: a workbook in, what was found in it, the marked copy out, and its figures into the draft."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, url_for
from marshmallow import Schema, fields

from importers.identity import Expected
from importers.recognise import NotRecognised
from portal.db import transaction
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.jobs.examining import identify_workbook
from portal.jobs.uploads import receive
from portal.queries.submissions import get_submission
from portal.queries.uploads import get_upload
from portal.services.uploads import apply
from portal.web.api.fields import PeriodField
from portal.web.api.reading import read_form, sent_file
from portal.web.api.resource import Resource, answer, endpoint, speech
from portal.web.api.shapes import saved_shape, upload_shape
from portal.web.errors import problem_document
from portal.web.incoming import read_file
from portal.web.present.files import hand_out_annotated


class UploadForm(Schema):
    """Which submission the file answers; what is left out is told by the file itself."""

    unit = fields.String(load_default=None)
    period = PeriodField(load_default=None)
    form = fields.String(load_default=None)


class UploadBody(UploadForm):
    """The same with the file, for the description."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class ApplyBody(Schema):
    """Which indicators; all of them if it is left out."""

    codes = fields.List(fields.String(), load_default=None, allow_none=True)


class UploadsApi(Resource):
    """Uploaded workbooks."""

    resource_name = "uploads"

    @endpoint("", "POST", form=UploadBody, status=HTTPStatus.ACCEPTED)
    def receive(self, actor: Actor) -> Response:
        """Keep a workbook and have it examined in the background; `Location` is where to look.

        Without `unit` it is that of the unit acted for; without `period` or `form` the file has to tell them.
        """
        chosen = read_form(UploadForm)
        filename, file = sent_file()
        content = read_file(file)
        key = _submission(actor, chosen, filename, content)
        if isinstance(key, NotRecognised):
            message, advice = key.message.in_language(speech()), key.advice.in_language(speech())
            return problem_document(HTTPStatus.UNPROCESSABLE_ENTITY, key.code, message, advice=advice)
        with transaction(actor) as session:
            upload_id = receive(session, actor, key, filename, content)
            upload = get_upload(session, actor, upload_id)
        response = answer(upload_shape(upload, speech()), HTTPStatus.ACCEPTED)
        response.headers["Location"] = url_for("UploadsApi.show", upload_id=upload_id)
        return response

    @endpoint("/<uuid:upload_id>")
    def show(self, actor: Actor, *, upload_id: UUID) -> Response:
        """How far the examination is, and its report once there is one."""
        with transaction(actor) as session:
            upload = get_upload(session, actor, upload_id)
        return answer(upload_shape(upload, speech()))

    @endpoint("/<uuid:upload_id>/annotated")
    def annotated(self, actor: Actor, *, upload_id: UUID) -> Response:
        """The workbook back, every mistake marked where it stands. Made afresh: it is not kept."""
        return hand_out_annotated(actor, upload_id, speech(), "annotated")

    @endpoint("/<uuid:upload_id>/apply", "POST", body=ApplyBody)
    def apply(self, actor: Actor, *, upload_id: UUID, body: dict[str, Any]) -> Response:
        """Write the workbook's figures into the draft."""
        with transaction(actor) as session:
            key = get_upload(session, actor, upload_id).key
            saved = apply(session, actor, key, upload_id, body["codes"])
            view = get_submission(session, actor, key)
        return answer(saved_shape(saved, view, speech()), row_version=view.row_version)


def _submission(actor: Actor, chosen: dict[str, Any], filename: str, content: bytes) -> SubmissionKey | NotRecognised:
    """The submission that the file answers, read from the file as far as it is not said."""
    unit = chosen["unit"] or actor.place.code
    if chosen["period"] and chosen["form"]:
        return SubmissionKey(unit, chosen["period"], chosen["form"])
    expected = Expected(chosen["form"] or "", unit, str(chosen["period"] or ""))
    identity = identify_workbook(content, filename, expected)
    if isinstance(identity, NotRecognised):
        return identity
    return SubmissionKey(unit, Period.parse(identity.period), identity.form)
