"""The league table, read."""

from sqlalchemy.orm import Session

from dashboards.compared_rows import load
from dashboards.context import Context
from dashboards.language import lazy_gettext as _
from dashboards.pages.page import Page
from dashboards.pages.ranking import layout
from dashboards.parts import Children


def make() -> Page:
    """The page, for the router."""
    return Page(layout.SLUG, _("排名"), _("同级单位中谁在前、谁在后，比上年如何"), render)


def render(session: Session, context: Context) -> Children:
    """The league table of the units below the one looked at."""
    return layout.page(context, load(session, context))
