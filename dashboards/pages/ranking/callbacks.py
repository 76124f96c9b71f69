"""The league table, read."""

from sqlalchemy.orm import Session

from dashboards.compared_rows import load
from dashboards.context import Context
from dashboards.language import lazy_gettext as _
from dashboards.pages.page import Page
from dashboards.pages.ranking import layout, siblings
from dashboards.parts import Children
from portal.domain.policy import Permission, Subject, permits
from portal.queries.forms import form_of_indicator
from portal.queries.siblings import compare_with_siblings


def make() -> Page:
    """The page, for the router."""
    return Page(layout.SLUG, _("排名"), _("同级单位中谁在前、谁在后，比上年如何"), render)


def render(session: Session, context: Context) -> Children:
    """The league table of the units below the one looked at; a unit with none below it stands among its siblings."""
    if _among_siblings(context):
        form = form_of_indicator(session, context.indicator.code)
        compared = compare_with_siblings(
            session, context.actor, period=context.period, form=form.code, indicator=context.indicator
        )
        return siblings.page(context, compared, layout.SLUG)
    return layout.page(context, load(session, context))


def _among_siblings(context: Context) -> bool:
    own = permits(context.actor, Permission.COMPARE_SIBLINGS, Subject(context.unit.path))
    beside = not context.made and not context.unit.has_children and bool(context.unit.parent_code)
    return own and beside and siblings.comparable(context.indicator) and not context.indicator.added_by
