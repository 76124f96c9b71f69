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
from portal.services import events
from portal.web.screens import MENU_ACCESS, SCREENS

_LOCK = 4_712_001  # any number that nobody else locks

Grant = tuple[str, str]
"""(permission, screen or view) by name."""


def sync_permissions(app: Flask) -> None:
    """Make roles, screens and permissions in the database those of the code.

    A portal role gets what it opens at first when the role or the permission is new, so that what an administrator
    has taken away since stays away. Other roles mean nothing and go. System administrators get everything back at
    every call, lest they lock themselves out.
    """
    wanted = _wanted(app.extensions["appbuilder"])
    with transaction(None) as session:
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        stored = {(view.permission.name, view.view_menu.name): view for view in session.scalars(select(PermissionView))}
        gone = stored.keys() - wanted
        for grant in gone:
            session.delete(stored.pop(grant))
        _record(session, "portal", gone, set())
        new = wanted - stored.keys()
        stored.update(_added(session, new))
        for role in session.scalars(select(Role).where(Role.name.not_in(list(PortalRole)))):
            session.delete(role)
        for name in PortalRole:
            role = session.scalars(select(Role).where(Role.name == name)).one_or_none()
            always = role is None or name is PortalRole.SYSTEM_ADMIN
            grants = _opens(name, wanted) if always else _opens(name, wanted) & new
            if role is None:
                role = Role(name=str(name))
                session.add(role)
            held = {(view.permission.name, view.view_menu.name) for view in role.permissions}
            role.permissions.extend(stored[grant] for grant in sorted(grants - held))
            _record(session, str(name), set(), grants - held)


def _record(session: Session, role: str, lost: set[Grant], gained: set[Grant]) -> None:
    if lost or gained:
        before, after = ({"screens": grant_words(grants)} if grants else {} for grants in (lost, gained))
        events.record_for_portal(session, None, "screens_changed", role, before=before, after=after)


def grant_words(grants: Iterable[Grant]) -> list[str]:
    """Permissions as the record tells them."""
    return [f"{permission} {view}" for permission, view in sorted(grants)]


def _wanted(appbuilder: AppBuilder) -> set[Grant]:
    views = {
        (permission, view.class_permission_name)
        for view in appbuilder.baseviews
        for permission in view.base_permissions
    }
    return views | {(MENU_ACCESS, screen.name) for screen in SCREENS}


def _opens(role: PortalRole, wanted: set[Grant]) -> set[Grant]:
    """What a role opens at first: its screens; system administrators also Flask-AppBuilder's own views."""
    screens = {(MENU_ACCESS, screen.name) for screen in SCREENS if role in screen.roles}
    return screens | {grant for grant in wanted if grant[0] != MENU_ACCESS and role is PortalRole.SYSTEM_ADMIN}


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
