"""`units`: within the actor's reach."""

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.units import Level
from portal.queries.units import UnitRow, get_unit, list_units
from portal.web.api.fields import PeriodField
from portal.web.api.resource import Resource, answer, endpoint
from portal.web.api.shapes import listed, unit_shape


class UnitQuery(Schema):
    """In the tree of which period; today's by default."""

    period = PeriodField(load_default=None)


class UnitsQuery(UnitQuery):
    """Which units: those below one (the actor's own by default), of a level."""

    under = fields.String(load_default=None)
    level = fields.Enum(Level, by_value=True, load_default=None)


class UnitsApi(Resource):
    """Units."""

    resource_name = "units"

    @endpoint("", query=UnitsQuery)
    def index(self, actor: Actor, *, under: str | None, level: Level | None, period: Period | None) -> Response:
        """A unit and all below it, in tree order."""
        with transaction(actor) as session:
            top = _reachable(session, actor, under or actor.place.code, period)
            units = list_units(session, under=top.code, level=level, period=period)
        return answer(listed([unit_shape(unit) for unit in units]))

    @endpoint("/<unit>", query=UnitQuery)
    def show(self, actor: Actor, *, unit: str, period: Period | None) -> Response:
        """One unit."""
        with transaction(actor) as session:
            found = _reachable(session, actor, unit, period)
        return answer(unit_shape(found))


def _reachable(session: Session, actor: Actor, code: str, period: Period | None) -> UnitRow:
    unit = get_unit(session, code, period=period)
    require(actor, Permission.SEE_UNIT, Subject(unit.path))
    return unit
