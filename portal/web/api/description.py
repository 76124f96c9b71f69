"""`/api/v1/_openapi`: the API described, for everybody who may ask it; and Swagger's page on it, for administrators."""

from flask import Response
from flask_appbuilder.api import BaseApi, expose
from flask_appbuilder.api.manager import OpenApi

from portal.domain.api_keys import PREFIX
from portal.errors import NotFound
from portal.web.api.resource import answer
from portal.web.identity import UNIT_HEADER, current_actor

_HOW_TO_ASK = f"""Every request carries `Authorization: Bearer …` with one of two:

- a **token**, given by `/api/v1/security/login` for a user name and a password (and a `code`, for people with a second
  factor); a person of several units names the one acted for in `{UNIT_HEADER}`;
- an **API key** (`{PREFIX}…`), made by a person on the account page for one unit, with an end and a scope. `read` asks
  with GET only; `submit` also fills in, uploads, explains, submits and withdraws the unit's own returns. A key never
  has more rights than its person has at that moment, and never manages keys, passwords or people.

What is refused is answered with a problem document (RFC 9457) whose `code` is stable."""


class DescriptionApi(OpenApi):
    """Flask-AppBuilder's description, without its own permission: what a person may ask, they may also look up."""

    csrf_exempt = False

    @expose("/<version>/_openapi")
    def get(self, version: str) -> Response:
        """The API in OpenAPI's words."""
        current_actor()
        resources = [
            view
            for view in self.appbuilder.baseviews
            if isinstance(view, BaseApi) and view.version == version and view is not self
        ]
        if not resources:
            raise NotFound("version", version)
        description = self._create_api_spec(version)
        description.options["info"] = {"description": _HOW_TO_ASK}
        for resource in resources:
            resource.add_api_spec(description)
        return answer(description.to_dict())
