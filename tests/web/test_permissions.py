"""Which screens roles open: written once, kept as the administrator left them, asked for in one query."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask_appbuilder.security.sqla.models import PermissionView, Role, User, ViewMenu
from sqlalchemy import Engine, event, func, select

from portal.db import identity_transaction, transaction
from portal.domain.policy import Role as PortalRole
from portal.web.permissions import sync_permissions
from portal.web.screens import REVIEW, SCREENS, TASKS
from tests.web.conftest import Site


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(*args: object) -> None:
        sent.append(str(args[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def opened_by(role: str) -> set[tuple[str, str]]:
    with transaction(None) as session:
        views = session.scalars(select(Role).where(Role.name == role)).one().permissions
        return {(view.permission.name, view.view_menu.name) for view in views}


def count() -> int:
    with transaction(None) as session:
        return session.scalar(select(func.count()).select_from(PermissionView)) or 0


def test_every_portal_role_has_its_screens(site: Site) -> None:
    for role in PortalRole:
        screens = {name for permission, name in opened_by(role) if permission == "menu_access"}
        assert screens == {screen.name for screen in SCREENS if role in screen.roles}


def test_roles_that_are_not_the_portals_go(site: Site) -> None:
    with transaction(None) as session:
        session.add(Role(name="Admin", permissions=list(session.scalars(select(PermissionView)))))
    sync_permissions(site.app)
    with transaction(None) as session:
        assert set(session.scalars(select(Role.name))) == set(PortalRole)


def test_only_the_administrators_open_people_and_roles(site: Site) -> None:
    for role in set(PortalRole) - {PortalRole.SYSTEM_ADMIN}:
        assert not {grant for grant in opened_by(role) if grant[0] in {"can_list", "can_add", "can_edit", "can_delete"}}
    assert ("can_edit", "RoleView") in opened_by(PortalRole.SYSTEM_ADMIN)


def test_a_role_of_the_framework_opens_nothing(site: Site) -> None:
    """What somebody may do follows from roles in units alone."""
    user_id = site.account("outsider")
    site.employ(user_id, "d111", PortalRole.FILLER)
    with identity_transaction() as session:
        role = session.scalars(select(Role).where(Role.name == PortalRole.SYSTEM_ADMIN)).one()
        role.user.append(session.get(User, user_id))
    assert site.signed_in(user_id).client.get("/roles/list/").status_code == 403


def test_system_administrators_do_not_lock_themselves_out(site: Site) -> None:
    with transaction(None) as session:
        session.scalars(select(Role).where(Role.name == PortalRole.SYSTEM_ADMIN)).one().permissions = []
    sync_permissions(site.app)
    assert ("can_edit", "RoleView") in opened_by(PortalRole.SYSTEM_ADMIN)


def test_a_second_time_changes_nothing(site: Site) -> None:
    before = count()
    with statements() as sent:
        sync_permissions(site.app)
    assert count() == before
    assert not any(statement.startswith(("INSERT", "UPDATE", "DELETE")) for statement in sent)


def test_what_an_administrator_took_away_stays_away(site: Site) -> None:
    browser = site.person("d112", PortalRole.AUDITOR)
    assert browser.client.get("/review/").status_code == 200
    with transaction(None) as session:
        auditor = session.scalars(select(Role).where(Role.name == PortalRole.AUDITOR)).one()
        auditor.permissions = [view for view in auditor.permissions if view.view_menu.name != REVIEW.name]
    sync_permissions(site.app)
    assert browser.client.get("/review/").status_code == 403


def test_a_screen_that_is_gone_takes_its_permission_along(site: Site) -> None:
    with transaction(None) as session:
        permission = session.scalars(select(PermissionView)).first().permission
        session.add(PermissionView(permission=permission, view_menu=ViewMenu(name="Gone")))
    sync_permissions(site.app)
    with transaction(None) as session:
        assert "Gone" not in set(session.scalars(select(ViewMenu.name).join(PermissionView)))


def test_a_page_asks_once_for_all_permissions(site: Site) -> None:
    browser = site.person("d111", PortalRole.FILLER)
    browser.client.get(TASKS.href)
    with statements() as sent:
        browser.client.get(TASKS.href)
    assert sum("ab_permission_view_role" in statement for statement in sent) == 1
    assert len(sent) < 25
