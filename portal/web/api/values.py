"""`submissions/{key}/values`: the figures, read and written."""

import re
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validate

from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.values import MISSING, Value, ValueStatus, finite
from portal.errors import Conflict
from portal.queries.submissions import get_readable, get_submission
from portal.services.values import save_values
from portal.web.api.reading import read_row_version
from portal.web.api.resource import Resource, answer, endpoint, outdated, speech
from portal.web.api.shapes import saved_shape, values_shape
from portal.web.errors import problem_document

LONGEST_TEXT = 20_000
LONGEST_NOTE = 500
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


class ExactNumber(fields.Field[Decimal]):
    """A number, as JSON's own or as a text; exact in both."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_more: Any) -> Decimal:  # noqa: ARG002 - marshmallow's signature
        written = isinstance(value, str) and _NUMBER.fullmatch(value)
        if not written and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
            raise ValidationError("not a number")
        try:
            return finite(str(value)) or Decimal(0)  # no minus zero
        except ValueError as error:
            raise ValidationError("larger than any figure") from error


class ValueBody(Schema):
    """A figure as it is to be; the status follows from number or text unless it is said."""

    status = fields.Enum(ValueStatus, by_value=True, load_default=None)
    number = ExactNumber(load_default=None, allow_none=True, metadata={"type": "string"})
    text = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=LONGEST_TEXT))
    approximate = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    as_of_on = fields.Date(load_default=None, allow_none=True)
    note = fields.String(load_default="", validate=validate.Length(max=LONGEST_NOTE))

    @post_load
    def make(self, given: dict[str, Any], **_more: Any) -> Value:
        """The value."""
        answered = given["number"] is not None or given["text"] is not None
        status = given.pop("status") or (ValueStatus.REPORTED if answered else ValueStatus.MISSING)
        try:
            return Value(status, **given)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class ValuesBody(Schema):
    """Figures to write, by indicator code; null clears. `row_versions` are those that were seen (0: there was none)."""

    values = fields.Dict(fields.String(), fields.Nested(ValueBody, allow_none=True), required=True)
    row_versions = fields.Dict(fields.String(), fields.Integer(strict=True), load_default=dict)


class ValuesApi(Resource):
    """The figures of a submission."""

    resource_name = "submissions"

    @endpoint("/<key>/values")
    def show(self, actor: Actor, *, key: str) -> Response:
        """The current version's figures, and last year's accepted ones."""
        with transaction(actor) as session:
            view = get_readable(session, actor, SubmissionKey.parse(key))
        return answer(values_shape(view), row_version=view.row_version)

    @endpoint("/<key>/values", "PATCH", body=ValuesBody)
    def write(self, actor: Actor, *, key: str, body: dict[str, Any]) -> Response:
        """Write some figures into the draft: with `If-Match`, or with the row version of each; the rest stays.

        An impossible answer is refused and named in `refused`; the others are written all the same.
        """
        name, seen = SubmissionKey.parse(key), read_row_version()
        values = {code: value or MISSING for code, value in body["values"].items()}
        if "If-Match" not in request.headers and values.keys() - body["row_versions"].keys():
            message = _("请用 If-Match 或 row_versions 说明所改的是哪一版。")
            return problem_document(HTTPStatus.PRECONDITION_REQUIRED, "precondition_required", message)
        try:
            with transaction(actor) as session:
                saved = save_values(session, actor, name, values, expected=body["row_versions"], seen=seen)
                view = get_submission(session, actor, name)
        except Conflict as conflict:
            if conflict.kind == "submission" and seen is not None:
                return outdated(conflict)
            raise
        return answer(saved_shape(saved, view, speech()), row_version=view.row_version)
