"""下级清单: one list of a unit and all below it as one table, on the page or written out."""

from collections.abc import Iterator

from flask import Response, render_template, request
from sqlalchemy.orm import Session

from importers.list_workbook import Content
from portal import clock
from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.values import MISSING
from portal.queries.lists_below import ListBelow, list_below
from portal.queries.rollups.totals import list_periods
from portal.web import figures
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.language import language, say
from portal.web.pages.periods import chosen_period
from portal.web.present.exports import Listing, check_size, hand_out_list
from portal.web.present.units import unit_name
from portal.web.screens import REVIEW
from portal.web.words import LEVELS, STATES

pages = guarded_blueprint("lists_below", __name__, REVIEW, url_prefix="/review/lists/<form_code>/<code>")

MOST_SHOWN = 500
"""Rows on the page; the file holds all of them."""


@pages.get("/")
def show(form_code: str, code: str) -> str:
    """The rows, unit by unit."""
    actor = current_actor()
    with transaction(actor) as session:
        found, period = _found(session, actor, form_code, code)
    rows = list(_rows(found))
    return render_template(
        "lists_below.html",
        found=found,
        form_code=form_code,
        period=period,
        rows=rows[:MOST_SHOWN],
        hidden=max(len(rows) - MOST_SHOWN, 0),
    )


@pages.get("/export.<form>")
def export(form_code: str, code: str, form: str) -> Response:
    """All rows as a file."""
    actor = current_actor()
    with transaction(actor) as session:
        found, period = _found(session, actor, form_code, code)
        rows = list(_rows(found))
        check_size(form, len(rows))
        about = [
            (_("单位"), f"{found.top.name} {found.top.code}"),
            (_("报告期"), period),
            (_("报表"), form_code),
            (_("已填的单位"), f"{len(found.answers)}/{found.expected}"),
        ]
        listing = Listing(say(found.sheet.name), _columns(found), rows, about, len(rows), clock.now(), actor.name)
        return hand_out_list(session, actor, "lists", form, listing)


def _found(session: Session, actor: Actor, form_code: str, code: str) -> tuple[ListBelow, str]:
    period = chosen_period(list_periods(session))
    under = request.args.get("unit", actor.place.code)
    found = list_below(session, actor, form=form_code, list_code=code, period=period, under=under)
    return found, str(period)


def _columns(found: ListBelow) -> list[tuple[str, int]]:
    columns = [
        (say(each.name) + (f"（{each.unit}）" if each.unit else ""), 16 if each.indicator.type.is_number else 30)
        for each in found.table.columns
    ]
    return [(_("单位代码"), 12), (_("单位"), 24), (_("层级"), 10), (_("状态"), 14), (_("序号"), 8), *columns]


def _rows(found: ListBelow) -> Iterator[list[Content]]:
    """A line for each row; one for a unit that has nothing to list."""
    for row, answer in found.answers:
        head: list[Content] = [
            row.unit.code,
            unit_name(row.unit) if language() == "en" else row.unit.name,
            str(LEVELS[row.unit.level]),
            str(STATES[row.task.state].name),
        ]
        if answer.none:
            yield [*head, "", _("本期没有"), *([""] * (len(found.table.columns) - 1))]
        for place, item in enumerate(answer.items, start=1):
            values = [(item.cells.get(column.code, MISSING), column.indicator) for column in found.table.columns]
            cells: list[Content] = [
                value.number if value.number is not None else figures.shown(value, each) if value.answered else ""
                for value, each in values
            ]
            yield [*head, place, *cells]
