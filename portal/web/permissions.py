"""Roles and permissions of Flask-AppBuilder, written in one go when the database is upgraded.

Flask-AppBuilder would write them at every start of every process, with hundreds of statements, and only log what
fails. Here they are a set, compared with what is stored.
"""

from collections.abc import Iterable

from flask import Flask
from flask_appbuilder import AppBuilder
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, ViewMenu
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.domain.policy import Role as PortalRole
from portal.web.screens import MENU_ACCESS, SCREENS

ADMIN = "Admin"
PUBLIC = "Public"
_LOCK = 4_712_001  # any number that nobody else locks

Grant = tuple[str, str]
"""(permission, screen or view) by name."""


def sync_permissions(app: Flask) -> None:
    """Make roles, screens and permissions in the database those of the code.

    A portal role gets what it opens at first when the role or the permission is new, so that what an administrator
    has taken away since stays away. Admin gets whatever is new for it at every call.
    """
    wanted = _wanted(app.extensions["appbuilder"])
    with transaction(None) as session:
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        stored = {(view.permission.name, view.view_menu.name): view for view in session.scalars(select(PermissionView))}
        for grant in stored.keys() - wanted:
            session.delete(stored.pop(grant))
        new = wanted - stored.keys()
        stored.update(_added(session, new))
        for name in (ADMIN, PUBLIC, *PortalRole):
            role = session.scalars(select(Role).where(Role.name == name)).one_or_none()
            grants = _opens(name, wanted) if role is None or name == ADMIN else _opens(name, wanted) & new
            if role is None:
                role = Role(name=str(name))
                session.add(role)
            held = {(view.permission.name, view.view_menu.name) for view in role.permissions}
            role.permissions.extend(stored[grant] for grant in sorted(grants - held))


def _wanted(appbuilder: AppBuilder) -> set[Grant]:
    views = {
        (permission, view.class_permission_name)
        for view in appbuilder.baseviews
        for permission in view.base_permissions
    }
    return views | {(MENU_ACCESS, screen.name) for screen in SCREENS}


def _opens(role: str, wanted: set[Grant]) -> set[Grant]:
    """What a role opens at first; everybody may see and change their own account."""
    if role == PUBLIC:
        return set()
    # Admin may act for no unit at all: of the screens it opens only what a system administrator alone opens.
    screens = {
        (MENU_ACCESS, screen.name)
        for screen in SCREENS
        if role in screen.roles or (role == ADMIN and screen.roles == {PortalRole.SYSTEM_ADMIN})
    }
    views = {grant for grant in wanted if grant[0] != MENU_ACCESS}
    return screens | (views if role in {ADMIN, PortalRole.SYSTEM_ADMIN} else views & _OWN_ACCOUNT)


_OWN_ACCOUNT: frozenset[Grant] = frozenset(
    {
        ("can_userinfo", "UserView"),
        ("resetmypassword", "UserView"),
        ("can_this_form_get", "OwnPasswordView"),
        ("can_this_form_post", "OwnPasswordView"),
    }
)


def _added(session: Session, grants: Iterable[Grant]) -> dict[Grant, PermissionView]:
    permissions = {row.name: row for row in session.scalars(select(Permission))}
    views = {row.name: row for row in session.scalars(select(ViewMenu))}
    added = {}
    for permission, view in sorted(grants):
        if permission not in permissions:
            permissions[permission] = Permission(name=permission)
        if view not in views:
            views[view] = ViewMenu(name=view)
        added[permission, view] = PermissionView(permission=permissions[permission], view_menu=views[view])
    session.add_all(added.values())
    return added
