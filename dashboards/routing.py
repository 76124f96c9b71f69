"""The router: from the address to a page. Every answer asks for the person's rights anew."""

from collections.abc import Sequence

from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from dashboards import ids, parts
from dashboards.context import NothingCollected, resolve
from dashboards.filters import Filters
from dashboards.language import gettext as _
from dashboards.markup import folded
from dashboards.pages.page import Page
from dashboards.parts import ROOT, Children
from portal.db import transaction
from portal.domain.policy import Subject, permits, require
from portal.errors import InvalidInput, NotFound, NotPermitted
from portal.web.errors import sentence
from portal.web.identity import current_actor


def register(app: Dash, pages: Sequence[Page]) -> None:
    """Bind the router."""
    by_address = {f"{ROOT}{page.slug}": page for page in pages}

    @app.callback(Output(ids.CONTENT, "children"), Input(ids.LOCATION, "pathname"), Input(ids.LOCATION, "search"))
    def show(pathname: object, search: object) -> list[Component]:
        return folded(render(by_address.get(str(pathname or ROOT)), str(search or ""), pages))


def render(page: Page | None, search: str | None, pages: Sequence[Page]) -> Children:
    """The tabs and the page; what the person may not see, or what is not there, is said in its place.

    Raises:
        NotSignedIn: the session has ended.
    """
    filters = Filters.parse(search)
    if page is None:
        return refusal(_("没有这个页面"), _("没有找到您要的内容。"))
    actor = current_actor()
    try:
        with transaction(actor) as session:
            context = resolve(session, actor, filters)
            subject = Subject(context.unit.path)
            require(actor, page.permission, subject)
            offered = [each for each in pages if permits(actor, each.permission, subject)]
            return [tabs(offered, page, context.filters), *page.render(session, context)]
    except NothingCollected:
        return refusal(str(page.name), _("还没有下达过报送任务。任务下达后，这里就有进度、排名和地图。"))
    except (NotFound, NotPermitted, InvalidInput) as error:
        offered = [each for each in pages if permits(actor, each.permission, Subject(actor.place.path))]
        return [tabs(offered, page, Filters()), *refusal(str(page.name), sentence(error))]


def tabs(pages: Sequence[Page], current: Page, filters: Filters) -> html.Nav:
    """The views; they keep unit, year and indicator."""
    items = [
        html.Li(
            parts.link(
                str(page.name),
                parts.href(page.slug, filters, sort="", late=False),
                className="current" if page is current else "",
            )
        )
        for page in pages
    ]
    return html.Nav(html.Ul(items), className="view-tabs no-print", **parts.aria(label=_("视图")))


def refusal(title: str, message: str) -> Children:
    """A page that only says why there is nothing."""
    return [
        html.H1(title, id=ids.HEADING, tabIndex="-1"),
        html.Div(parts.notice(message, "consent"), role="alert"),
    ]
