"""The road that every request to the API takes: who asks, what is asked, one service or query, JSON.

An endpoint is a method with `@endpoint`; its parameters arrive checked, and its OpenAPI description follows from the
same declaration.
"""

import json
import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, ClassVar, cast

from flask import Response, request
from flask_appbuilder.api import BaseApi
from marshmallow import Schema

from portal.domain.forms import Language
from portal.errors import Conflict
from portal.web.api.reading import read_body, read_path, read_query
from portal.web.errors import problem_document, sentence
from portal.web.identity import current_actor
from portal.web.language import DEFAULT, LANGUAGES, language
from portal.web.sessions import bearer

Json = dict[str, Any]

_PATH_PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


class Resource(BaseApi):
    """Base of the API's resources.

    Any signed-in person may ask; what they get is decided by `portal.domain.policy` and the database, as on the pages.
    """

    version = "v1"
    csrf_exempt = False  # a request without bearer token carries our CSRF token (portal.web.csrf)
    responses: ClassVar[Json] = {
        "Problem": {
            "description": "A problem document (RFC 9457) with a stable `code`",
            "content": {"application/problem+json": {"schema": {"type": "object"}}},
        }
    }

    def __init__(self) -> None:
        super().__init__()
        self.openapi_spec_tag = self.resource_name

    def operation_helper(
        self,
        path: str | None = None,  # noqa: ARG002 - Flask-AppBuilder's signature
        operations: Json | None = None,
        methods: tuple[str, ...] = (),
        func: Callable[..., Response] | None = None,
        **_more: Any,
    ) -> None:
        """Describe an endpoint as it was declared."""
        if operations is not None and func is not None:
            operations.update({method.lower(): func.operation for method in methods})  # type: ignore[attr-defined]  # set by `operation`

    def _register_urls(self) -> None:
        """Let the address of a list end with a slash or without."""
        super()._register_urls()
        for name in dir(self):
            for url, methods in getattr(getattr(self, name), "_urls", ()):
                if not url and self.blueprint is not None:
                    self.blueprint.add_url_rule("/", name, methods=methods)


def endpoint(
    url: str,
    method: str = "GET",
    *,
    query: type[Schema] | None = None,
    body: type[Schema] | None = None,
    form: type[Schema] | None = None,
    answers: type[Schema] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Make a method an endpoint: it gets the actor, the parts of the address, the parameters, and `body` if it has one.

    Args:
        url: below the resource's own; empty for the resource itself.
        method: of HTTP.
        query: the parameters of the address; without it there are none.
        body: the JSON object that is sent.
        form: the fields sent along with a file; the endpoint reads them itself.
        answers: what a good answer holds, for the description.
        status: of a good answer, for the description.
    """

    def declare(function: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(function)
        def handle(self: Resource, **path: str) -> Response:
            actor = current_actor()
            read_path(path)
            asked = path | read_query(query)
            if body is not None:
                asked["body"] = read_body(body)
            return function(self, actor, **asked)

        handle._urls = [(url, (method,))]  # type: ignore[attr-defined]  # noqa: SLF001 - where Flask-AppBuilder looks
        handle.operation = _operation(function, url, query, body, form, _answer(status, answers))  # type: ignore[attr-defined]  # for `operation_helper`
        return handle

    return declare


def _operation(
    function: Callable[..., Response],
    url: str,
    query: type[Schema] | None,
    body: type[Schema] | None,
    form: type[Schema] | None,
    answered: Json,
) -> Json:
    """The endpoint in OpenAPI's words; its docstring is the summary."""
    path: list[Json] = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(url)
    ]
    operation: Json = {
        "summary": (function.__doc__ or "").strip().partition("\n")[0],
        "parameters": [*path, *([{"in": "query", "schema": query}] if query else [])],
        "responses": answered | {"default": "Problem"},
        "security": [{"jwt": []}, {"api_key": []}],
    }
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    if form is not None:
        operation["requestBody"] = {"content": {"multipart/form-data": {"schema": form}}}
    return operation


def _answer(status: HTTPStatus, schema: type[Schema] | None) -> Json:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {str(status.value): {"description": status.phrase} | content}


def answer(body: Json, status: HTTPStatus = HTTPStatus.OK, *, row_version: int | None = None) -> Response:
    """A JSON answer; `row_version` becomes its ETag, to be sent back in `If-Match`."""
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-cache"
    if row_version is not None:
        response.set_etag(str(row_version))
    return response


def outdated(error: Conflict) -> Response:
    """The answer when `If-Match` names a state that is no longer so."""
    return problem_document(HTTPStatus.PRECONDITION_FAILED, error.code, sentence(error), kind=error.kind, key=error.key)


def speech() -> Language:
    """The language of sentences: with a bearer token what `Accept-Language` asks for, else that of the pages."""
    if not bearer():
        return language()
    return cast("Language", request.accept_languages.best_match(LANGUAGES, DEFAULT))
