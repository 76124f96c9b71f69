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
from portal.domain.submissions import SubmissionKey
from portal.queries.progress import ProgressRow, completeness, list_progress
from portal.queries.submissions import get_task
from portal.web.access import may_open
from portal.web.screens import REVIEW


def make() -> Page:
    """The page, for the router."""
    return Page(layout.SLUG, _("报送进度"), _("谁还没报、谁逾期、卡在哪一步"), render, Permission.SEE_PROGRESS)


def render(session: Session, context: Context) -> Children:
    """The board of the unit looked at and everything below it."""
    return layout.page(context, _own(session, context) + _below(session, context), may_review=may_open(REVIEW))


def _own(session: Session, context: Context) -> list[ProgressRow]:
    """The unit's own submissions, one a form."""
    counted = completeness(session, context.actor, period=context.period, unit=context.unit.code)
    keys = [SubmissionKey(context.unit.code, context.period, row.form) for row in counted]
    return [ProgressRow(context.unit, get_task(session, context.actor, key)) for key in keys]


def _below(session: Session, context: Context) -> list[ProgressRow]:
    return list_progress(session, context.actor, period=context.period, under=context.unit.code)


def register(app: Dash) -> None:
    """Bind the click on a bar."""
    drill.register(app, ids.PROGRESS_BARS)
