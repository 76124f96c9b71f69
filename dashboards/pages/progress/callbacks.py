"""The progress board, read and bound."""

from dash import Dash
from sqlalchemy.orm import Session

from dashboards import drill, ids
from dashboards.context import Context
from dashboards.language import lazy_gettext as _
from dashboards.pages.page import Page
from dashboards.pages.progress import layout
from dashboards.parts import Children
from portal.domain.policy import Permission
from portal.queries.progress import list_answered
from portal.web.access import may_open
from portal.web.screens import REVIEW


def make() -> Page:
    """The page, for the router."""
    return Page(layout.SLUG, _("报送进度"), _("谁还没报、谁逾期、卡在哪一步"), render, Permission.SEE_PROGRESS)


def render(session: Session, context: Context) -> Children:
    """The board of the unit looked at and everything below it."""
    rows = list_answered(session, context.actor, period=context.period, under=context.unit.code)
    return layout.page(context, rows, may_review=may_open(REVIEW))


def register(app: Dash) -> None:
    """Bind the click on a bar."""
    drill.register(app, ids.PROGRESS_BARS)
