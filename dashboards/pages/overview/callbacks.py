"""The overview, read."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from dashboards.context import Context
from dashboards.filters import Basis, TreeChoice
from dashboards.language import lazy_gettext as _
from dashboards.pages.overview import layout
from dashboards.pages.page import Page
from dashboards.parts import Children
from portal.domain.policy import Permission, Subject, permits
from portal.domain.texts import Text
from portal.queries.progress import Completeness, completeness
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.over_time import periods_behind, roll_up_made
from portal.queries.rollups.series import breaks_between


def make(views: Sequence[Page]) -> Page:
    """The page, for the router; it leads to the other `views`."""

    def render(session: Session, context: Context) -> Children:
        rows = roll_up_made(
            session,
            context.actor,
            unit=context.unit.code,
            period=context.period,
            tree=context.filters.tree,
            pending=context.filters.basis is Basis.PENDING,
        )
        pending = context.filters.basis is Basis.PENDING
        rows = covered(session, context.actor, context.unit, context.period, rows, pending=pending)
        subject = Subject(context.unit.path)
        offered = [view for view in views if permits(context.actor, view.permission, subject)]
        links = [(view.slug, str(view.name), str(view.answers)) for view in offered]
        return layout.page(context, _completeness(session, context), rows, links, _breaks(session, context))

    return Page(layout.SLUG, _("总览"), _("一个单位及其全部下级的数"), render)


def _breaks(session: Session, context: Context) -> list[Text]:
    """What was reorganised since the earlier period, where figures are grouped by the tree of the day."""
    if context.filters.tree is not TreeChoice.REPORTED:
        return []
    behind = periods_behind(session, context.unit, (context.earlier, context.period))
    return [mark.words for mark in breaks_between(session, [context.unit.code], behind).get(context.unit.code, ())]


def _completeness(session: Session, context: Context) -> Completeness | None:
    """Counts over all forms of the period, by its tree; None for somebody whom it is no business how far units are."""
    if context.filters.tree is not TreeChoice.REPORTED or not permits(
        context.actor, Permission.SEE_PROGRESS, Subject(context.unit.path)
    ):
        return None
    rows = [
        row.completeness for row in completeness(session, context.actor, period=context.period, unit=context.unit.code)
    ]
    return Completeness(
        expected=sum(row.expected for row in rows),
        handed_in=sum(row.handed_in for row in rows),
        accepted=sum(row.accepted for row in rows),
        sent_back=sum(row.sent_back for row in rows),
        late=sum(row.late for row in rows),
        outstanding=sum(row.outstanding for row in rows),
        exempt=sum(row.exempt for row in rows),
    )
