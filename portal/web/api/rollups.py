"""`rollups`, `completeness` and `lineage`: numbers over units, what they rest on, and where they come from."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor
from portal.queries.progress import completeness
from portal.queries.recalculations import list_recalculated
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.differences import differences
from portal.queries.rollups.entries import list_entries
from portal.queries.rollups.made_provenance import MadeProvenance, get_any_provenance
from portal.queries.rollups.over_time import roll_up_made
from portal.queries.rollups.provenance import Provenance
from portal.queries.rollups.records import records
from portal.queries.rollups.series import breaks_within, get_series
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, tree_day
from portal.queries.units import get_unit
from portal.web.api.fields import CodesField, PeriodField
from portal.web.api.resource import Json, Resource, answer, endpoint
from portal.web.api.rollup_shapes import (
    absent_shape,
    break_shape,
    completeness_shape,
    contribution_shape,
    difference_shape,
    entry_shape,
    recalculated_shape,
)
from portal.web.api.shapes import listed


class UnitAndPeriod(Schema):
    """Of which unit, the actor's own by default, and period."""

    unit = fields.String(load_default=None)
    period = PeriodField(required=True)


class RollUpsQuery(UnitAndPeriod):
    """Which numbers, over which units, in which tree."""

    indicator = CodesField(load_default=None)
    by = fields.String(load_default="self")
    tree = fields.String(load_default=REPORTED_TREE, validate=validate.OneOf([REPORTED_TREE, CURRENT_TREE]))
    pending = fields.Boolean(load_default=False)


class SeriesQuery(Schema):
    """Of which unit, the actor's own by default, which indicator, and in which tree.

    Of a `kind` of periods, those made from shorter ones too; else of those that the indicator was sent down for.
    """

    kind = fields.Enum(PeriodKind, by_value=True, load_default=None)

    unit = fields.String(load_default=None)
    indicator = fields.String(required=True)
    tree = fields.String(load_default=REPORTED_TREE, validate=validate.OneOf([REPORTED_TREE, CURRENT_TREE]))
    pending = fields.Boolean(load_default=False)


class RecalculatedQuery(Schema):
    """Of which unit, the actor's own by default; which period and indicators, by their newest codes, all by default."""

    unit = fields.String(load_default=None)
    period = PeriodField(load_default=None)
    indicator = CodesField(load_default=None)
    by = fields.String(load_default="self")


class EntriesQuery(UnitAndPeriod):
    """Of one indicator, or of all."""

    indicator = fields.String(load_default=None)


class CompletenessQuery(UnitAndPeriod):
    """Of one form, or all; for the unit as a whole, or for each unit directly below it."""

    form = fields.String(load_default=None)
    by = fields.String(load_default="self", validate=validate.OneOf(["self", "children"]))


class LineageQuery(UnitAndPeriod):
    """Of which indicator, in which tree, and whether with what is submitted and not accepted yet."""

    indicator = fields.String(required=True)
    tree = fields.String(load_default=REPORTED_TREE, validate=validate.OneOf([REPORTED_TREE, CURRENT_TREE]))
    pending = fields.Boolean(load_default=False)


class RollUpsApi(Resource):
    """Indicators added up."""

    resource_name = "rollups"

    @endpoint("", query=RollUpsQuery)
    def index(
        self, actor: Actor, *, unit: str | None, period: Period, indicator: list[str] | None, **wanted: Any
    ) -> Response:
        """Roll-ups of a unit, of its children, or of all units of a level below it (`level:district`).

        Of a form that was sent down for shorter periods only, those make the number; `periods` and `missing` name them,
        and `breaks` says where in between other units began to count.
        Of the answers that are not in it, those `awaiting` are handed in and not accepted, and those `in_time` are not
        due yet; how far the units are is told to nobody outside the tree.
        """
        asked, pending = unit or actor.place.code, wanted["pending"]
        with transaction(actor) as session:
            rows = roll_up_made(session, actor, unit=asked, period=period, indicators=indicator, **wanted)
            top = get_unit(session, asked, period=tree_day(period, wanted["tree"]))
            rows = covered(session, actor, top, period, rows, pending=pending)
            found = records(period, rows, breaks_within(session, rows))
        return answer(listed([dict(record) for record in found]))

    @endpoint("/series", query=SeriesQuery)
    def series(self, actor: Actor, *, unit: str | None, indicator: str, **wanted: Any) -> Response:
        """One indicator of a unit over all periods; `breaks` say where other units begin to count, and why."""
        asked = unit or actor.place.code
        with transaction(actor) as session:
            found = get_series(session, actor, unit=asked, indicator=indicator, **wanted)
        inside = {
            period: [mark for mark in found.breaks if mark.within and mark.period == period]
            for period, _row in found.points
        }
        points = [dict(record) for period, row in found.points for record in records(period, [row], [inside[period]])]
        return answer(listed(points) | {"breaks": [break_shape(each) for each in found.breaks]})

    @endpoint("/recalculated", query=RecalculatedQuery)
    def recalculated(
        self, actor: Actor, *, unit: str | None, period: Period | None, indicator: list[str] | None, by: str
    ) -> Response:
        """Published numbers that would be others by now, by a newer formula or because of corrections elsewhere.

        The published number stands; `anew` counts nowhere. Those that are a unit's `own` are not added up over units:
        with `by` self there is one for each unit below too. A correction names the figure that was looked at, in which
        submission and version it stood then, and in which now.
        """
        asked = unit or actor.place.code
        with transaction(actor) as session:
            rows = list_recalculated(session, actor, unit=asked, period=period, indicators=indicator, by=by)
        return answer(listed([recalculated_shape(row) for row in rows]))

    @endpoint("/differences", query=UnitAndPeriod)
    def differences(self, actor: Actor, *, unit: str | None, period: Period) -> Response:
        """A unit's own figures beside those below it, and what was entered between the two; `whole` is its roll-up."""
        with transaction(actor) as session:
            rows = differences(session, actor, unit=unit or actor.place.code, period=period)
        return answer(listed([difference_shape(row) for row in rows]))

    @endpoint("/entries", query=EntriesQuery)
    def entries(self, actor: Actor, *, unit: str | None, **wanted: Any) -> Response:
        """Eliminations and adjustments of the roll-ups of a unit and all below it, by the period's tree."""
        with transaction(actor) as session:
            rows = list_entries(session, actor, unit=unit or actor.place.code, **wanted)
        return answer(listed([entry_shape(row) for row in rows]))


class CompletenessApi(Resource):
    """How many have reported, and how many should."""

    resource_name = "completeness"

    @endpoint("", query=CompletenessQuery)
    def index(self, actor: Actor, *, unit: str | None, period: Period, form: str | None, by: str) -> Response:
        """Counts of submissions, by unit and form."""
        with transaction(actor) as session:
            rows = completeness(session, actor, period=period, unit=unit or actor.place.code, form=form, by=by)
        return answer(listed([completeness_shape(row) for row in rows]))


class LineageApi(Resource):
    """Where a number comes from."""

    resource_name = "lineage"

    @endpoint("", query=LineageQuery)
    def index(self, actor: Actor, *, unit: str | None, **wanted: Any) -> Response:
        """The number, and the units in it; for each figure the version, the file, the cell and the person.

        `pending`: not accepted yet. `in_sight` is false for a unit that has left the asker's scope since; its amount is
        in the number of the time, and where its figures come from is not told. `absent` are the other units that might
        be in it, with why they are not; `agrees` says that the parts add up to the number.

        A number of a period that the form was not sent down for has no units of its own: `made_of` has one such answer
        for each shorter period that counts, and `over_time` says how their numbers make it. Otherwise both are null.
        """
        with transaction(actor) as session:
            found = get_any_provenance(session, actor, unit=unit or actor.place.code, **wanted)
            if isinstance(found, MadeProvenance):
                several = [_lineage(session, part) for part in found.parts]
                return answer(_number(session, found, []) | {"over_time": str(found.way), "made_of": several})
            return answer(_lineage(session, found))


def _lineage(session: Session, found: Provenance) -> Json:
    return _number(session, found, [contribution_shape(each) for each in found.contributions]) | {
        "entries": [entry_shape(each) for each in found.entries],
        "absent": [absent_shape(each) for each in found.absent],
    }


def _number(session: Session, found: Provenance | MadeProvenance, contributions: list[Json]) -> Json:
    number = records(found.period, [found.row], breaks_within(session, [found.row]))
    return listed(contributions) | {
        "number": dict(*number),
        "entries": [],
        "absent": [],
        "agrees": found.agrees,
        "over_time": None,
        "made_of": None,
    }
