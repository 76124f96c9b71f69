"""下级报送: who below has reported, and the page on which a superior accepts or sends back."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal import clock
from portal.db import transaction
from portal.domain.lifecycle import State
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput
from portal.queries.effective_forms import collected_forms
from portal.queries.findings import Decision, check_submission
from portal.queries.progress import ProgressRow, counted, list_progress
from portal.queries.report import list_evidence, list_passages
from portal.queries.rollups.totals import list_periods
from portal.queries.submissions import get_submission, list_versions
from portal.queries.units import get_unit
from portal.services.explanations import decide
from portal.services.rules import waive_rule
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.language import lazy_gettext
from portal.web.pages.parts import shown_part
from portal.web.pages.periods import chosen_period
from portal.web.present.cross import all_sheets
from portal.web.present.entries import read_day, read_version
from portal.web.present.findings import parse_key, rules_set_aside, shown_findings
from portal.web.present.moves import may_accept, may_decide, may_waive, open_actions
from portal.web.present.report import section_progress
from portal.web.present.units import way_down
from portal.web.screens import REVIEW

pages = guarded_blueprint("review", __name__, REVIEW, url_prefix="/review")

FILTERS = (
    ("", lazy_gettext("全部")),
    ("waiting", lazy_gettext("待审核")),
    ("late", lazy_gettext("逾期未报")),
    ("sent_back", lazy_gettext("退回修改中")),
    ("accepted", lazy_gettext("已验收")),
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
        sent = collected_forms(session, top, period)
    return render_template(
        "review.html",
        top=top,
        period=str(period),
        periods=periods,
        reach=reach,
        only=only,
        filters=FILTERS,
        counts=counted(rows),
        part=shown_part([row for row in rows if _wanted(row, only)]),
        acceptable=sum(may_accept(actor, row) for row in rows),
        ancestors=ancestors,
        lists=[(form, sheet, table) for form in sent for sheet, table in form.lists.values()],
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
    return _page(SubmissionKey.parse(key))


@pages.post("/<key>/explanations")
def decide_explanation(key: str) -> Response | tuple[str, int]:
    """Accept or refuse the explanation of a finding."""
    actor, name = current_actor(), SubmissionKey.parse(key)
    shown, reason = request.form.get("finding", ""), request.form.get("reason", "")
    try:
        finding, decision, seen = parse_key(shown), _decision(), read_version("seen", request.form.get("seen", ""))
        with transaction(actor) as session:
            decide(session, actor, name, finding, decision, reason, seen)
    except InvalidInput as error:
        return _page(name, refused=error), 422
    flash(_("已审定。"), "good")
    return redirect(url_for("review.show", key=key, _anchor=f"finding-{shown}"), code=303)


@pages.post("/<key>/waivers")
def waive(key: str) -> Response | tuple[str, int]:
    """Let the unit off the rule of a finding."""
    actor, name = current_actor(), SubmissionKey.parse(key)
    try:
        _code, rule, _indicator = parse_key(request.form.get("finding", ""))
        until = read_day("expires_on", request.form.get("expires_on", ""))
        reason = request.form.get("reason", "")
        with transaction(actor) as session:
            waive_rule(session, actor, name, rule, reason, until)
    except InvalidInput as error:
        return _page(name, refused=error), 422
    flash(_("已豁免规则 %(rule)s。", rule=rule), "good")
    return redirect(url_for("review.show", key=key, _anchor="excused"), code=303)


def _decision() -> Decision:
    """By the button that was pressed."""
    try:
        return Decision(request.form.get("decision", ""))
    except ValueError as error:
        raise InvalidInput("decision", "unknown") from error


def _page(name: SubmissionKey, refused: InvalidInput | None = None) -> str:
    actor = current_actor()
    with transaction(actor) as session:
        view = get_submission(session, actor, name)
        checked = check_submission(session, actor, name) if view.readable and view.values else None
        passages = list_passages(session, actor, name) if checked else {}
        files = list_evidence(session, actor, name) if checked else []
        versions = list_versions(session, actor, name)
    return render_template(
        "review_one.html",
        view=view,
        checked=checked,
        versions=versions,
        shown=sorted(shown_findings(checked), key=lambda each: each.finding.severity.rank) if checked else [],
        excused=rules_set_aside(checked)[0] if checked else [],
        sheets=all_sheets(view, checked.findings if checked else ()),
        sections=section_progress(view, passages),
        files=files,
        actions=open_actions(actor, view),
        may_decide=may_decide(actor, view),
        may_waive=may_waive(actor, view),
        may_edit=False,
        may_upload=False,
        typed=request.form,
        problem=input_sentence(refused.problem) if refused else "",
        refused_field=refused.field if refused else "",
        today=clock.today(),
    )
