"""The screens of the portal, in menu order, and which roles open them at first.

An administrator may change the second part on Flask-AppBuilder's roles page. Which rows a person then sees there is
decided elsewhere: by `portal.domain.policy` and by the database.
"""

from dataclasses import dataclass

from flask_babel.speaklater import LazyString

from portal.domain.policy import Role
from portal.web.language import lazy_gettext as _

MENU_ACCESS = "menu_access"
"""Flask-AppBuilder's name of the permission to open a screen."""


@dataclass(frozen=True)
class Screen:
    """An entry of the menu.

    Attributes:
        name: what Flask-AppBuilder knows the screen by.
        roles: who may open it at first.
    """

    name: str
    label: LazyString
    href: str
    roles: frozenset[Role]


_REPORTING = frozenset({Role.FILLER, Role.CHECKER, Role.LEGAL_REVIEWER, Role.HEAD, Role.PUBLISHER})
_EVERYBODY = frozenset(Role)

TASKS = Screen("Tasks", _("我的任务"), "/tasks/", _REPORTING | {Role.AUDITOR})
REVIEW = Screen("Review", _("下级报送"), "/review/", frozenset({Role.REVIEWER, Role.HEAD, Role.AUDITOR}))
COLLECTIONS = Screen(
    "Collections", _("报送任务"), "/collections/", frozenset({Role.REVIEWER, Role.UNIT_ADMIN, Role.AUDITOR})
)
PEOPLE = Screen("People", _("人员"), "/people/", frozenset({Role.UNIT_ADMIN, Role.SYSTEM_ADMIN}))
ROLLUPS = Screen("Rollups", _("汇总"), "/rollups/", _EVERYBODY)
DASHBOARDS = Screen("Dashboards", _("对比分析"), "/dashboards/", _EVERYBODY)
AUDIT = Screen("Audit", _("审计日志"), "/audit/", frozenset({Role.UNIT_ADMIN, Role.AUDITOR, Role.SYSTEM_ADMIN}))
FORMS = Screen("Forms", _("报表制度"), "/forms/", frozenset({Role.UNIT_ADMIN, Role.SYSTEM_ADMIN}))
REORGANISATIONS = Screen(
    "Reorganisations", _("区划调整"), "/reorganisations/", frozenset({Role.UNIT_ADMIN, Role.SYSTEM_ADMIN})
)
ADMIN = Screen("Admin", _("管理"), "/admin/", frozenset({Role.SYSTEM_ADMIN}))

SCREENS = (TASKS, REVIEW, PEOPLE, FORMS, REORGANISATIONS, COLLECTIONS, ROLLUPS, DASHBOARDS, AUDIT, ADMIN)
