"""Sign-in for programs: Flask-AppBuilder's, with requests read and refusals answered as everywhere in the API."""

from http import HTTPStatus
from typing import Any

from flask import Response
from flask_appbuilder.api import expose
from flask_appbuilder.security import api as framework
from flask_babel import gettext as _
from flask_jwt_extended import create_access_token, create_refresh_token
from marshmallow import Schema, fields, validate

from portal.web.api.reading import read_body
from portal.web.api.resource import answer
from portal.web.errors import problem_document


class SignInBody(Schema):
    """User name or e-mail, and password; `refresh` asks for a second token that gives new ones."""

    username = fields.String(required=True)
    password = fields.String(required=True)
    provider = fields.String(load_default="db", validate=validate.OneOf(["db"]))
    refresh = fields.Boolean(load_default=False)


class SecurityApi(framework.SecurityApi):
    """`/api/v1/security/login` and `/refresh`."""

    @expose("/login", methods=("POST",))
    def login(self) -> Response:
        """Give a bearer token.

        ---
        post:
          summary: Give a bearer token for a user name and a password.
          requestBody:
            content:
              application/json:
                schema: SignInBody
          responses:
            200:
              description: access_token, and refresh_token if it was asked for
        """
        body = read_body(SignInBody)
        user = self.appbuilder.sm.auth_user_db(body["username"], body["password"])
        if user is None:
            message = _("用户名或密码不对。连续输错 5 次，账号锁定 15 分钟。")
            return problem_document(HTTPStatus.UNAUTHORIZED, "invalid_credentials", message)
        tokens: dict[str, Any] = {"access_token": create_access_token(identity=str(user.id), fresh=True)}
        if body["refresh"]:
            tokens["refresh_token"] = create_refresh_token(identity=str(user.id))
        return answer(tokens)
