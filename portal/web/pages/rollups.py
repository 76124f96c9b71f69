"""汇总: a unit's roll-up, indicator by indicator, with its coverage; and one indicator over the units below."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property

from flask import redirect, render_template, request, url_for
from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.db import transaction
from portal.domain.forms import FormVersion, Indicator, OverTime, Sheet
from portal.domain.over_time import way_of
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, permits
from portal.queries.progress import Completeness, completeness
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.over_time import forms_shown, list_shown_periods, roll_up_made
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.series import Series, SeriesBreak, breaks_within, get_series
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, list_periods
from portal.queries.unit_names import read_unit_names
from portal.queries.units import UnitRow, get_unit, list_children
from portal.web.access import guarded_blueprint
from portal.web.form_words import CHOICES
from portal.web.identity import current_actor
from portal.web.pages.periods import chosen_period
from portal.web.present.units import way_down
from portal.web.screens import ROLLUPS

pages = guarded_blueprint("rollups", __name__, ROLLUPS, url_prefix="/rollups")

SheetRows = list[tuple[Sheet, list[tuple[Indicator, RollUpRow]]]]


@pages.get("/")
def index() -> Response:
    """The actor's own unit."""
    return redirect(url_for("rollups.show", unit=current_actor().place.code))


@pages.get("/<unit>")
def show(unit: str) -> str:
    """All indicators of a unit; with `indicator`, that one for the unit and for each directly below it."""
    actor = current_actor()
    tree = CURRENT_TREE if request.args.get("tree") == CURRENT_TREE else REPORTED_TREE
    pending = bool(request.args.get("pending"))
    with transaction(actor) as session:
        period = chosen_period(list_periods(session))
        day = period if tree == REPORTED_TREE else None
        top = get_unit(session, unit, period=day)
        reading = _Reading(session, actor, top, period, tree, pending)
        form, indicator, drilled = reading.drilled(request.args.get("indicator", ""))
        sheets = [] if indicator else reading.sheets()
        series = reading.series(indicator) if indicator else None
        children = list_children(session, unit, period=day)
        sees_origins = permits(actor, Permission.SEE_ORIGINS, Subject(top.path))
        shown = drilled + [row for _sheet, pairs in sheets for _one, row in pairs]
        rows = shown + [row for _each, row in (series.points if series else ())]
        context = {
            "periods": list_shown_periods(session),
            "children": children,
            "counts": _counts(session, actor, period, top, form) if day else None,
            "ancestors": way_down(session, actor, unit, "rollups.show", period, tree=tree),
            "series": series,
            "ways": _ways(reading.forms, {row.indicator for row in rows if row.periods}),
            "moved": _moved(session, shown),
            "torn": read_unit_names(session, {code for row in rows for code in row.torn}).on(period.ends_on),
            "traced": {each.code for each in (top, *children) if sees_origins and actor.place.covers(each.path)},
        }
    return render_template(
        "rollup.html",
        top=top,
        period=str(period),
        tree=tree,
        pending=pending,
        indicator=indicator,
        drilled=drilled,
        sheets=sheets,
        entered=any(row.total.entered is not None for row in shown),
        demo=any(row.demo for row in shown),
        **context,
    )


@dataclass(frozen=True)
class _Reading:
    """What the page reads."""

    session: Session
    actor: Actor
    top: UnitRow
    period: Period
    tree: str
    pending: bool

    @cached_property
    def forms(self) -> Sequence[FormVersion]:
        """The forms that there are numbers of."""
        return forms_shown(self.session, self.top, self.period)

    def drilled(self, code: str) -> tuple[str | None, Indicator | None, list[RollUpRow]]:
        """The chosen indicator and its form, for the unit and those directly below; nothing if none is chosen."""
        if not code:
            return None, None, []
        rows = self._rows([code], "self") + self._rows([code], "children")
        found = next(form for form in self.forms if code in form.by_code)
        return found.code, found.indicator(code), self._covered(rows)

    def sheets(self) -> SheetRows:
        """The unit's roll-up by sheet, in form order."""
        rows = {row.indicator: row for row in self._covered(self._rows(None, "self"))}
        sheets = [sheet for form in self.forms for sheet in form.sheets if sheet.indicators]
        return [(sheet, [(each, rows[each.code]) for each in sheet.indicators]) for sheet in sheets]

    def series(self, indicator: Indicator) -> Series:
        """The indicator over the years, or over the periods of another kind, if one was chosen."""
        return get_series(
            self.session,
            self.actor,
            unit=self.top.code,
            indicator=indicator.code,
            tree=self.tree,
            pending=self.pending,
            kind=self.period.kind,
        )

    def _rows(self, indicators: Sequence[str] | None, by: str) -> list[RollUpRow]:
        return roll_up_made(
            self.session,
            self.actor,
            unit=self.top.code,
            period=self.period,
            indicators=indicators,
            by=by,
            tree=self.tree,
            pending=self.pending,
        )

    def _covered(self, rows: Sequence[RollUpRow]) -> list[RollUpRow]:
        return covered(self.session, self.actor, self.top, self.period, rows, pending=self.pending)


def _ways(forms: Sequence[FormVersion], made: Collection[str]) -> Mapping[str, LazyString]:
    """How numbers of shorter periods make that of a longer one, by indicator."""
    return {each.code: CHOICES[OverTime][way_of(form, each)] for form in forms for each in form if each.code in made}


def _counts(session: Session, actor: Actor, period: Period, top: UnitRow, form: str | None) -> Completeness | None:
    """Of one form, or of all together; None for somebody whom it is no business how far the units are."""
    if not permits(actor, Permission.SEE_PROGRESS, Subject(top.path)):
        return None
    rows = completeness(session, actor, period=period, unit=top.code, form=form)
    parts = [asdict(row.completeness) for row in rows]
    return Completeness(**{field.name: sum(part[field.name] for part in parts) for field in fields(Completeness)})


def _moved(session: Session, rows: Sequence[RollUpRow]) -> list[tuple[UnitRow, Sequence[SeriesBreak]]]:
    """Units whose numbers are made of shorter periods in which other units counted, and what happened in between."""
    units = {row.unit_code: row.unit for row in rows}
    marks: dict[str, dict[SeriesBreak, None]] = {code: {} for code in units}
    for row, several in zip(rows, breaks_within(session, rows), strict=True):
        marks[row.unit_code] |= dict.fromkeys(several)
    return [(unit, list(marks[code])) for code, unit in units.items() if marks[code]]
