"""下级报送: who below has reported, and the page on which a superior accepts or sends back."""

from flask import render_template, request

from portal.db import transaction
from portal.domain.lifecycle import State
from portal.domain.submissions import SubmissionKey
from portal.queries.findings import check_submission
from portal.queries.progress import ProgressRow, counted, list_progress
from portal.queries.rollups import list_periods
from portal.queries.submissions import get_submission, list_versions
from portal.queries.units import get_unit
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.language import lazy_gettext as _
from portal.web.pages.periods import chosen_period
from portal.web.present.findings import shown_findings
from portal.web.present.moves import open_actions
from portal.web.present.sheet import all_rows
from portal.web.present.units import way_down
from portal.web.screens import REVIEW

pages = guarded_blueprint("review", __name__, REVIEW, url_prefix="/review")

FILTERS = (
    ("", _("全部")),
    ("waiting", _("待审核")),
    ("late", _("逾期未报")),
    ("sent_back", _("退回修改中")),
    ("accepted", _("已验收")),
)


@pages.get("/")
def index() -> str:
    """Progress of the units directly below, or of all below."""
    actor = current_actor()
    unit_code = request.args.get("unit", actor.place.code)
    reach = request.args.get("reach", "direct")
    only = request.args.get("show", "")
    with transaction(actor) as session:
        periods = list_periods(session)
        period = chosen_period(periods)
        top = get_unit(session, unit_code, period=period)
        rows = list_progress(session, actor, period=period, under=unit_code, direct_only=reach != "all")
        ancestors = way_down(session, actor, unit_code, "review.index", period)
    return render_template(
        "review.html",
        top=top,
        period=str(period),
        periods=periods,
        reach=reach,
        only=only,
        filters=FILTERS,
        counts=counted(rows),
        rows=[row for row in rows if _wanted(row, only)],
        ancestors=ancestors,
    )


def _wanted(row: ProgressRow, only: str) -> bool:
    match only:
        case "waiting":
            return row.task.state is State.SUBMITTED
        case "late":
            return row.late
        case "sent_back":
            return row.task.state is State.SENT_BACK
        case "accepted":
            return row.task.accepted_at is not None
    return True


@pages.get("/<key>")
def show(key: str) -> str:
    """One submission as the superior sees it: figures, findings, explanations, and the decision."""
    actor = current_actor()
    name = SubmissionKey.parse(key)
    with transaction(actor) as session:
        view = get_submission(session, actor, name)
        checked = check_submission(session, actor, name) if view.readable and view.values else None
        versions = list_versions(session, actor, name)
    return render_template(
        "review_one.html",
        view=view,
        checked=checked,
        versions=versions,
        shown=sorted(shown_findings(checked), key=lambda each: each.finding.severity.rank) if checked else [],
        sheets=all_rows(view, checked.findings if checked else ()),
        actions=open_actions(actor, view),
        may_edit=False,
        may_upload=False,
    )
