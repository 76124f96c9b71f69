"""The differences, read."""

from sqlalchemy.orm import Session

from dashboards.context import Context
from dashboards.language import lazy_gettext as _
from dashboards.pages.differences import layout
from dashboards.pages.page import Page
from dashboards.parts import Children
from portal.domain.policy import Permission
from portal.queries.progress import list_progress
from portal.queries.rollups.differences import differences


def make() -> Page:
    """The page, for the router."""
    return Page(layout.SLUG, _("差额"), _("本级上报与下级合计差多少，口径有没有弄混"), render, Permission.SEE_PROGRESS)


def render(session: Session, context: Context) -> Children:
    """The unit's own figures beside the sums of those below it."""
    rows = differences(session, context.actor, unit=context.unit.code, period=context.period)
    below = list_progress(session, context.actor, period=context.period, under=context.unit.code, direct_only=True)
    return layout.page(context, rows, demo=any(row.task.demo for row in below))
