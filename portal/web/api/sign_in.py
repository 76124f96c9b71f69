"""Sign-in for programs: Flask-AppBuilder's, with requests read and refusals answered as everywhere in the API."""

from flask import Response
from flask_appbuilder.api import expose
from flask_appbuilder.security import api as framework
from flask_jwt_extended import get_jwt, verify_jwt_in_request
from marshmallow import Schema, fields, validate

from portal.web import second_factor, signing_in
from portal.web.api.reading import read_body
from portal.web.api.resource import answer


class SignInBody(Schema):
    """User name or e-mail, password, and the code of those who have a second factor (or a recovery code).

    `refresh` asks for a second token that gives new ones.
    """

    username = fields.String(required=True)
    password = fields.String(required=True)
    code = fields.String(load_default=None, allow_none=True)
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
            401:
              description: >-
                `invalid_credentials`; or `second_factor_required` and `wrong_code`, for people with a second factor
        """
        body = read_body(SignInBody)
        passed = signing_in.authenticate(body["username"], body["password"])
        second_factor.check_program(passed.user_id, body["code"])
        return answer(dict(signing_in.issue_tokens(passed.user_id, passed.method, refresh=body["refresh"])))

    @expose("/refresh", methods=("POST",))
    def refresh(self) -> Response:
        """Give a new bearer token of the same session.

        ---
        post:
          summary: Give a new bearer token for a refresh token.
          security:
            - jwt_refresh: []
          responses:
            200:
              description: access_token
        """
        verify_jwt_in_request(refresh=True)
        claims = get_jwt()
        session_id = claims[signing_in.SESSION_CLAIM]
        return answer({"access_token": signing_in.access_token(int(claims["sub"]), session_id, fresh=False)})
