"""The REST API under `/api/v1`: Flask-AppBuilder's frame, sign-in and OpenAPI; our services and queries.

Sign in at `/api/v1/security/login` and send the token as `Authorization: Bearer …`; a person of several units names
the one acted for in `Huizong-Unit`. Or send an API key in the token's place (`portal.web.presented_key`). Our own pages
may ask with their session instead, and write with its CSRF token. What is refused is answered with a problem
document (RFC 9457) whose `code` is stable.
"""

from http import HTTPStatus

from flask import Flask, Response
from flask_appbuilder import AppBuilder
from flask_appbuilder.api.manager import SwaggerView
from flask_babel import gettext as _

from portal.web.api.batches import BatchesApi
from portal.web.api.description import DescriptionApi
from portal.web.api.events import EventsApi
from portal.web.api.findings import FindingsApi
from portal.web.api.forms import CollectionsApi, FormsApi
from portal.web.api.people import PeopleApi
from portal.web.api.reading import InvalidRequest
from portal.web.api.rollups import CompletenessApi, LineageApi, RollUpsApi
from portal.web.api.submissions import SubmissionsApi
from portal.web.api.units import UnitsApi
from portal.web.api.uploads import UploadsApi
from portal.web.api.values import ValuesApi
from portal.web.errors import problem_document

RESOURCES = (
    UnitsApi,
    FormsApi,
    CollectionsApi,
    SubmissionsApi,
    ValuesApi,
    FindingsApi,
    UploadsApi,
    BatchesApi,
    RollUpsApi,
    CompletenessApi,
    LineageApi,
    EventsApi,
    PeopleApi,
)


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add the resources to the application."""
    app.register_error_handler(InvalidRequest, _not_understood)
    app.config["FAB_API_SWAGGER_TEMPLATE"] = "swagger.html"
    for resource in RESOURCES:
        appbuilder.add_api(resource)
    appbuilder.add_api(DescriptionApi)
    appbuilder.add_view_no_menu(SwaggerView)


def _not_understood(error: InvalidRequest) -> Response:
    message = _("请求的写法不对：%(names)s。", names="、".join(error.problems))
    return problem_document(HTTPStatus.BAD_REQUEST, error.code, message, problems=error.problems)
