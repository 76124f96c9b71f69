"""`submissions/{key}/findings` and `…/explanations`: what is wrong, and what is said about it."""

from http import HTTPStatus
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.queries.findings import check_submission
from portal.services.explanations import explain
from portal.web.api.resource import Resource, answer, endpoint, speech
from portal.web.api.shapes import findings_shape


class ExplanationBody(Schema):
    """The finding by its code, rule and indicator, and why it is so."""

    code = fields.String(required=True)
    rule = fields.String(load_default="")
    indicator = fields.String(load_default="", allow_none=True)
    reason_code = fields.String(required=True)
    words = fields.String(required=True)


class FindingsApi(Resource):
    """Findings of a submission, checked afresh at each request."""

    resource_name = "submissions"

    @endpoint("/<key>/findings")
    def show(self, actor: Actor, *, key: str) -> Response:
        """Findings in form order, the explanations given, and what could not be checked."""
        with transaction(actor) as session:
            checked = check_submission(session, actor, SubmissionKey.parse(key))
        return answer(findings_shape(checked, speech()), row_version=checked.view.row_version)

    @endpoint("/<key>/explanations", "POST", body=ExplanationBody, status=HTTPStatus.CREATED)
    def explain(self, actor: Actor, *, key: str, body: dict[str, Any]) -> Response:
        """Explain a finding; a second explanation replaces the first."""
        name = SubmissionKey.parse(key)
        finding = (body["code"], body["rule"], body["indicator"] or "")
        with transaction(actor) as session:
            explain(session, actor, name, finding, body["reason_code"], body["words"])
            checked = check_submission(session, actor, name)
        return answer(findings_shape(checked, speech()), HTTPStatus.CREATED)
