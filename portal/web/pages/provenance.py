"""数据来源: what a rolled-up number is made of, down to the file, cell and person; and which units are not in it."""

from flask import Response, render_template, request
from sqlalchemy.orm import Session

from portal import clock
from portal.db import transaction
from portal.domain.forms import OverTime
from portal.domain.policy import Actor
from portal.queries.rollups.lineage import Contribution
from portal.queries.rollups.made_provenance import MadeProvenance, get_any_provenance
from portal.queries.rollups.provenance import Absent, Provenance
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, list_periods
from portal.web.access import guarded_blueprint, may_open
from portal.web.form_words import CHOICES
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.pages.parts import shown_part
from portal.web.pages.periods import chosen_period
from portal.web.present.coverage import coverage_words
from portal.web.present.exports import Listing, check_size, hand_out_list
from portal.web.present.provenance import answer_in_words, exact, lines, reckoned
from portal.web.present.rollup_entries import ENTRY_KINDS
from portal.web.present.units import way_down
from portal.web.screens import REVIEW, ROLLUPS, TASKS
from portal.web.words import ABSENCES

pages = guarded_blueprint("provenance", __name__, ROLLUPS, url_prefix="/rollups/<unit>/origins")


@pages.get("/")
def show(unit: str) -> str:
    """A number of one indicator, in any reading of the roll-up, its parts, and the units that are not in it.

    Thousands of units are listed a part at a time, first those that are in the number; of those that `q` names, if it
    is given. The number and its sums are of all of them.

    The parts of a number of a period that its form was not sent down for are those of shorter periods.
    """
    actor, sought = current_actor(), request.args.get("q", "").strip()
    with transaction(actor) as session:
        found = _asked(session, actor, unit)
        ancestors = way_down(session, actor, unit, "rollups.show", found.period, tree=found.row.tree)
    shown = {
        "found": found,
        "pending": bool(request.args.get("pending")),
        "period": str(found.period),
        "ancestors": ancestors,
    }
    if isinstance(found, MadeProvenance):
        return render_template("provenance_made.html", way=CHOICES[OverTime][found.way], **shown)
    units: list[Contribution | Absent] = [*found.contributions, *found.absent]
    part = shown_part([each for each in units if sought in each.unit.name or each.unit.code.startswith(sought)])
    return render_template(
        "provenance.html",
        **shown,
        sought=sought,
        part=part,
        counted=[each for each in part.items if isinstance(each, Contribution)],
        absent=[each for each in part.items if isinstance(each, Absent)],
        exact=exact,
        answer=answer_in_words,
        reckoned=reckoned(found),
        absences=ABSENCES,
        ENTRY_KINDS=ENTRY_KINDS,
        opens_submissions=may_open(TASKS) or may_open(REVIEW),
        opens_files=may_open(TASKS),
    )


@pages.get("/export.<form>")
def export(unit: str, form: str) -> Response:
    """What the page shows, as a list: a row for each typed figure, and for each unit that is not in the number."""
    actor = current_actor()
    with transaction(actor) as session:
        found = _asked(session, actor, unit)
        columns, rows = lines(found)
        check_size(form, len(rows))
        listing = Listing(_("数据来源"), columns, rows, _about(found), len(rows), clock.now(), actor.name)
        return hand_out_list(session, actor, "origins", form, listing)


def _asked(session: Session, actor: Actor, unit: str) -> Provenance | MadeProvenance:
    return get_any_provenance(
        session,
        actor,
        unit=unit,
        period=chosen_period(list_periods(session)),
        indicator=request.args.get("indicator", ""),
        tree=CURRENT_TREE if request.args.get("tree") == CURRENT_TREE else REPORTED_TREE,
        pending=bool(request.args.get("pending")),
    )


def _about(found: Provenance | MadeProvenance) -> list[tuple[str, str]]:
    return [
        (_("单位"), f"{found.unit.name} {found.unit.code}"),
        (_("报告期"), str(found.period)),
        (_("区划口径"), _("现行") if found.row.tree == CURRENT_TREE else _("报告期当时")),
        (_("数据口径"), _("含待审核") if request.args.get("pending") else _("仅已验收")),
        (_("指标"), f"{found.indicator.code} {say(found.indicator.name)}"),
        (_("汇总数"), found.row.text),
        (_("计算"), str(CHOICES[OverTime][found.way]) if isinstance(found, MadeProvenance) else reckoned(found)),
        (_("覆盖"), coverage_words(found.row.coverage)),
        (_("核对"), _("与明细相符") if found.agrees else _("与明细不符")),
        (_("演示数据"), _("有") if found.row.demo else ""),
    ]
