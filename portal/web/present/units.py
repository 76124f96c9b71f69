"""Units on screen."""

from flask import url_for
from sqlalchemy.orm import Session

from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.units import Place
from portal.queries.rollups.totals import REPORTED_TREE
from portal.queries.unit_names import UnitName
from portal.queries.units import UnitRow, ancestors
from portal.web.language import language


def unit_name(unit: UnitRow | UnitName | Place) -> str:
    """The unit's name in the language of this request."""
    return unit.name_en if language() == "en" and unit.name_en else unit.name


def way_down(
    session: Session, actor: Actor, code: str, endpoint: str, period: Period | None, *, tree: str = REPORTED_TREE
) -> list[tuple[str, str]]:
    """(name, address) of the units from the actor's own down to this one, each on the page `endpoint`."""
    day = period if tree == REPORTED_TREE else None
    line = [unit for unit in ancestors(session, code, period=day) if actor.place.covers(unit.path)]
    chosen = None if tree == REPORTED_TREE else tree
    return [(unit_name(unit), url_for(endpoint, unit=unit.code, period=period, tree=chosen)) for unit in line]
