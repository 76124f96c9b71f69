"""Flask-AppBuilder's security on the portal's own sessions, and one permission query a request."""

from typing import Any

from flask import Flask, Response, g
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    User,
    ViewMenu,
    assoc_permissionview_role,
)
from flask_jwt_extended import JWTManager
from flask_login import LoginManager
from sqlalchemy import select

from portal.domain.sign_in import SessionKind
from portal.web.api.sign_in import SecurityApi
from portal.web.errors import problem_of
from portal.web.identity import NotSignedIn, admit, find_current_actor
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
        person: User = self.session.merge(row.user, load=False)  # into Flask-AppBuilder's session, without asking again
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
        """Whether one of the person's roles opens the screen."""
        if "granted" not in g:
            g.granted = self._granted_to_actor()
        return (permission_name, view_name) in g.granted

    def _granted_to_actor(self) -> frozenset[tuple[str, str]]:
        """All of (permission, screen) that the person has by the roles held in the unit acted for, in one query."""
        actor = find_current_actor()
        held = [] if actor is None else sorted(actor.roles)
        query: Any = (
            select(Permission.name, ViewMenu.name)
            .join(PermissionView, PermissionView.permission_id == Permission.id)
            .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
            .join(assoc_permissionview_role, assoc_permissionview_role.c.permission_view_id == PermissionView.id)
            .join(Role, assoc_permissionview_role.c.role_id == Role.id)
            .where(Role.name.in_(held))
            .distinct()
        )
        return frozenset((permission, screen) for permission, screen in self.session.execute(query))


def _is_over(_header: object, claims: dict[str, Any]) -> bool:
    """Whether a token's session counts no longer; if it does, the token's owner is who is asking."""
    row = settings().find_token(claims.get(SESSION_CLAIM, 0))
    if row is None or str(row.user_id) != claims["sub"]:
        return True
    admit(row)
    return False
