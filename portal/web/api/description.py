"""`/api/v1/_openapi`: the API described, for everybody who may ask it; and Swagger's page on it, for administrators."""

from flask import Response
from flask_appbuilder.api import BaseApi, expose
from flask_appbuilder.api.manager import OpenApi

from portal.errors import NotFound
from portal.web.api.resource import answer
from portal.web.identity import current_actor


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
        for resource in resources:
            resource.add_api_spec(description)
        return answer(description.to_dict())
