"""`submissions/{key}/findings` and `…/explanations`: what is wrong, and what is said about it."""

from http import HTTPStatus
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.queries.findings import check_submission, explanation_file
from portal.services.downloads import Download
from portal.services.explanations import explain
from portal.web.api.resource import Resource, answer, endpoint, speech
from portal.web.api.shapes import findings_shape
from portal.web.present.files import hand_out
from portal.web.present.findings import parse_key


class ExplanationBody(Schema):
    """The finding by its code, rule and indicator, and why it is so."""

    code = fields.String(required=True)
    rule = fields.String(load_default="")
    indicator = fields.String(load_default="", allow_none=True)
    reason_code = fields.String(required=True)
    words = fields.String(required=True)


class ExplanationFile(Schema):
    """The file that goes with an explanation."""

    filename = fields.String(required=True)
    sha256 = fields.String(required=True)


class Explained(Schema):
    """An explanation, and what the superior decided about it."""

    reason_code = fields.String(required=True)
    words = fields.String(required=True)
    given_by = fields.String(required=True)
    given_at = fields.DateTime(required=True)
    file = fields.Nested(ExplanationFile, required=True, allow_none=True)
    decision = fields.String(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = fields.DateTime(required=True, allow_none=True)


class Found(Schema):
    """A finding.

    `last_year` is last year's figure, `cause` the indicator whose own mistake it most likely follows, and `clears` how
    many findings one correction settles.
    """

    code = fields.String(required=True)
    rule = fields.String(required=True)
    severity = fields.String(required=True)
    sheet = fields.String(required=True, allow_none=True)
    cell = fields.String(required=True, allow_none=True)
    indicator = fields.String(required=True, allow_none=True)
    list = fields.String(required=True, allow_none=True)
    row = fields.Integer(required=True, allow_none=True)
    column = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    found = fields.String(required=True)
    expected = fields.String(required=True)
    difference = fields.String(required=True)
    last_year = fields.String(required=True)
    cause = fields.String(required=True, allow_none=True)
    clears = fields.Integer(required=True)
    message = fields.String(required=True)
    advice = fields.String(required=True)
    blocks = fields.Boolean(required=True)
    explanation = fields.Nested(Explained, required=True, allow_none=True)
    explanation_last_year = fields.Nested(Explained, required=True, allow_none=True)


class NotChecked(Schema):
    """A rule that was not applied, and why."""

    rule = fields.String(required=True)
    reason = fields.String(required=True)


class FindingsAnswer(Schema):
    """Everything found; `blocking` counts what stands in the way of handing in."""

    findings = fields.List(fields.Nested(Found), required=True)
    not_checked = fields.List(fields.Nested(NotChecked), required=True)
    blocking = fields.Integer(required=True)


class FindingsApi(Resource):
    """Findings of a submission, checked afresh at each request."""

    resource_name = "submissions"

    @endpoint("/<key>/findings", answers=FindingsAnswer)
    def show(self, actor: Actor, *, key: str) -> Response:
        """Findings in form order, the explanations given, and what could not be checked."""
        with transaction(actor) as session:
            checked = check_submission(session, actor, SubmissionKey.parse(key))
        return answer(findings_shape(checked, speech()), row_version=checked.view.row_version)

    @endpoint("/<key>/explanations/<finding>/file")
    def file(self, actor: Actor, *, key: str, finding: str) -> Response:
        """The file of an explanation; `finding` is `code~rule~indicator`."""
        name = SubmissionKey.parse(key)
        with transaction(actor) as session:
            filename, content = explanation_file(session, actor, name, parse_key(finding))
        return hand_out(actor, Download.EXPLANATION, name, content, filename, "application/octet-stream")

    @endpoint("/<key>/explanations", "POST", body=ExplanationBody, answers=FindingsAnswer, status=HTTPStatus.CREATED)
    def explain(self, actor: Actor, *, key: str, body: dict[str, Any]) -> Response:
        """Explain a finding; a second explanation replaces the first."""
        name = SubmissionKey.parse(key)
        finding = (body["code"], body["rule"], body["indicator"] or "")
        with transaction(actor) as session:
            explain(session, actor, name, finding, body["reason_code"], body["words"])
            checked = check_submission(session, actor, name)
        return answer(findings_shape(checked, speech()), HTTPStatus.CREATED)
