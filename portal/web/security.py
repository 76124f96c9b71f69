"""Flask-AppBuilder's security on the portal's own sessions, asked without a statement more."""

from typing import Any

from flask import Flask, Response
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import User
from flask_jwt_extended import JWTManager
from flask_login import LoginManager

from portal.domain.sign_in import SessionKind
from portal.web.api.sign_in import SecurityApi
from portal.web.errors import problem_of
from portal.web.identity import NotSignedIn, admit, find_current_actor, find_user, signed_in
from portal.web.people import RoleView, SignInView
from portal.web.sessions import current, settings
from portal.web.signing_in import SESSION_CLAIM


class _LoginManager(LoginManager):
    """Who is signed in is what the session's row says."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.session_protection = None  # its own mark of the browser, which would change the session at every page

    def _update_remember_cookie(self, response: Response) -> Response:
        """Nobody is remembered beyond the session, which therefore need not be read for every file."""
        return response


class PortalSecurityManager(SecurityManager):
    """People, roles and screens. Which rows a person sees is none of its business."""

    authdbview = SignInView
    security_api = SecurityApi
    rolemodelview = RoleView

    def create_login_manager(self, app: Flask) -> LoginManager:
        """Read the person from the session; beside a bearer token there is none."""
        manager = _LoginManager(app)
        manager.request_loader(lambda _request: self._person())
        return manager

    def _person(self) -> User | None:
        row = current().content.row
        if row is None or row.kind is not SessionKind.BROWSER:
            return None
        # Into Flask-AppBuilder's session, without asking again.
        person: User = self.session.merge(row.identity.user, load=False)
        return person

    def create_jwt_manager(self, app: Flask) -> JWTManager:
        """Refuse a missing, expired or forged token with a problem document."""
        manager: JWTManager = super().create_jwt_manager(app)
        for loader in (manager.unauthorized_loader, manager.invalid_token_loader):
            loader(lambda _reason: problem_of(NotSignedIn()))
        for loader in (manager.expired_token_loader, manager.user_lookup_error_loader, manager.revoked_token_loader):
            loader(lambda _header, _payload: problem_of(NotSignedIn()))
        manager.token_in_blocklist_loader(_is_over)
        return manager

    def load_user_jwt(self, _header: object, _claims: object) -> User | None:
        """The owner of a token that `_is_over` let pass, read when its session was looked up."""
        return find_user()

    def register_views(self) -> None:
        """Sign-in, and what roles open; people and passwords are on the portal's own pages."""
        self.appbuilder.add_api(self.security_api)
        self.auth_view = self.authdbview()
        self.appbuilder.add_view_no_menu(self.auth_view)
        self.appbuilder.add_view_no_menu(self.rolemodelview)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:  # noqa: ARG002 - as above
        """Nothing is public but the sign-in page, which asks nobody."""
        return False

    def _has_view_access(self, user: User, permission_name: str, view_name: str) -> bool:  # noqa: ARG002 - as above
        """Whether one of the roles that the person holds in the unit acted for opens the screen."""
        found, actor = signed_in(), find_current_actor()
        return found is not None and actor is not None and found.identity.opens(actor.roles, permission_name, view_name)


def _is_over(_header: object, claims: dict[str, Any]) -> bool:
    """Whether a token's session counts no longer; if it does, the token's owner is who is asking."""
    row = settings().find_token(claims.get(SESSION_CLAIM, 0))
    if row is None or str(row.user_id) != claims["sub"]:
        return True
    admit(row)
    return False
