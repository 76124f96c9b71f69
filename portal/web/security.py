"""Flask-AppBuilder's security, with what the portal adds: locked accounts and one permission query a request."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, g, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    User,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from flask_jwt_extended import JWTManager
from flask_login import LoginManager
from sqlalchemy import or_, select

from portal.clock import now
from portal.web.api.sign_in import SecurityApi
from portal.web.errors import problem_of
from portal.web.identity import NotSignedIn, bearer, find_current_actor
from portal.web.people import OwnPasswordView, PasswordView, RoleView, SignInView, UserView

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)


class PortalSecurityManager(SecurityManager):
    """People, roles and screens. Which rows a person sees is none of its business."""

    authdbview = SignInView
    security_api = SecurityApi
    userdbmodelview = UserView
    rolemodelview = RoleView
    resetmypasswordview = OwnPasswordView
    resetpasswordview = PasswordView
    userstatschartview = None  # its charts come from another host

    def create_login_manager(self, app: Flask) -> LoginManager:
        """Read the person from the cookie, except beside a bearer token: then the cookie counts for nothing."""
        manager: LoginManager = super().create_login_manager(app)
        manager.user_loader(lambda user_id: None if bearer() else self.load_user(user_id))
        return manager

    def create_jwt_manager(self, app: Flask) -> JWTManager:
        """Refuse a missing, expired or forged token with a problem document."""
        manager: JWTManager = super().create_jwt_manager(app)
        for loader in (manager.unauthorized_loader, manager.invalid_token_loader):
            loader(lambda _reason: problem_of(NotSignedIn()))
        for loader in (manager.expired_token_loader, manager.user_lookup_error_loader, manager.revoked_token_loader):
            loader(lambda _header, _payload: problem_of(NotSignedIn()))
        return manager

    def register_views(self) -> None:
        """Limit guessing on the API's sign-in as Flask-AppBuilder limits it on the form's."""
        super().register_views()
        sign_in = next(view for view in self.appbuilder.baseviews if isinstance(view, self.security_api))
        self.limiter.limit(self.auth_rate_limit, methods=["POST"])(sign_in.blueprint)

    def auth_user_db(self, username: str, password: str) -> User | None:
        """The person with this user name or e-mail and this password, unless the account is locked."""
        user = self.find_user(username=username) or self.find_user(email=username)
        if user is not None and _locked(user):
            return None
        return super().auth_user_db(username, password)

    def update_user_auth_stat(self, user: User, success: bool = True) -> None:
        """Count the attempt; a failure also notes when it was."""
        if not success:
            user.changed_on = _clock()
        super().update_user_auth_stat(user, success)

    def on_user_logout(self, user: User) -> None:  # noqa: ARG002 - Flask-AppBuilder's signature
        """Forget what belonged to the person, so that the next one at this computer starts afresh."""
        session.pop("unit", None)
        session.pop("page_history", None)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:  # noqa: ARG002 - as above
        """Nothing is public but the sign-in page, which asks nobody."""
        return False

    def _has_view_access(self, user: User, permission_name: str, view_name: str) -> bool:
        """Whether one of the person's roles opens the screen."""
        if "granted" not in g:
            g.granted = self._granted_to(user)
        return (permission_name, view_name) in g.granted

    def _granted_to(self, user: User) -> frozenset[tuple[str, str]]:
        """All of (permission, screen) that the person has, in one query.

        By the roles given on Flask-AppBuilder's own page, and by those held in the unit acted for.
        """
        actor = find_current_actor()
        held = [] if actor is None else sorted(actor.roles)
        own_roles = select(assoc_user_role.c.role_id).where(assoc_user_role.c.user_id == user.id)
        query: Any = (
            select(Permission.name, ViewMenu.name)
            .join(PermissionView, PermissionView.permission_id == Permission.id)
            .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
            .join(assoc_permissionview_role, assoc_permissionview_role.c.permission_view_id == PermissionView.id)
            .join(Role, assoc_permissionview_role.c.role_id == Role.id)
            .where(or_(Role.id.in_(own_roles), Role.name.in_(held)))
            .distinct()
        )
        return frozenset((permission, screen) for permission, screen in self.session.execute(query))


def _clock() -> datetime:
    """The present instant as Flask-AppBuilder stores instants: without a zone; ours are UTC."""
    return now().astimezone(UTC).replace(tzinfo=None)


def _locked(user: User) -> bool:
    if (user.fail_login_count or 0) < FAILURES_ALLOWED:
        return False
    return user.changed_on is not None and _clock() - user.changed_on < LOCKED_FOR
