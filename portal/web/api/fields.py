"""Parameters that the field has types for."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from portal.domain.collections import CollectionKey
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput, NotFound
from portal.queries.paging import LARGEST_PAGE

_LONGEST_LIST = 2000


class PeriodField(fields.String):
    """A period code such as `2023` or `2023Q4`."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        try:
            return Period.parse(super()._deserialize(value, attr, data, **more))
        except InvalidInput as error:
            raise ValidationError("not a period") from error


class KeyField(fields.String):
    """A submission's key such as `441802-2023-FZ`."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        try:
            return SubmissionKey.parse(super()._deserialize(value, attr, data, **more))
        except NotFound as error:
            raise ValidationError("not a submission") from error


class CollectionField(fields.String):
    """A collection's key such as `FZ-2023`."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        try:
            return CollectionKey.parse(super()._deserialize(value, attr, data, **more))
        except NotFound as error:
            raise ValidationError("not a collection") from error


class CodesField(fields.String):
    """Codes separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        codes = [code.strip() for code in super()._deserialize(value, attr, data, **more).split(",")]
        if not all(codes) or len(codes) > _LONGEST_LIST:
            raise ValidationError("not a list of codes")
        return codes


class Paged(Schema):
    """Part of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 1_000_000))
    page_size = fields.Integer(load_default=100, validate=validate.Range(1, LARGEST_PAGE))
