"""A number of a longer period with the shorter periods that it is made of, and what those are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.domain.forms import Indicator, OverTime
from portal.domain.over_time import way_of
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.queries.made_forms import made_forms
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.over_time import roll_up_made
from portal.queries.rollups.provenance import Provenance, get_provenance
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import REPORTED_TREE, tree_day
from portal.queries.units import UnitRow, get_unit


@dataclass(frozen=True)
class MadeProvenance:
    """A number of a period that its form was not sent down for.

    Attributes:
        unit: in the tree of the reading.
        way: how the numbers of the shorter periods make it.
        row: the number as every screen shows it, with its coverage.
        parts: of each shorter period that counts, in order of time, where its number comes from.
    """

    unit: UnitRow
    period: Period
    indicator: Indicator
    way: OverTime
    row: RollUpRow
    parts: Sequence[Provenance]

    @property
    def agrees(self) -> bool:
        """Whether what each shorter period is made of makes up its number."""
        return all(part.agrees for part in self.parts)


def get_any_provenance(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    period: Period,
    indicator: str,
    tree: str = REPORTED_TREE,
    pending: bool = False,
) -> Provenance | MadeProvenance:
    """Where a unit's number comes from, in any reading that `roll_up_made` gives.

    Raises:
        NotFound: no such unit in the tree, or there are no numbers of such an indicator.
        NotPermitted: it is not within the actor's reach, or the actor sees numbers only, not their origins.
        InvalidInput: `tree` is no such thing.
    """
    top = get_unit(session, unit, period=tree_day(period, tree))
    require(actor, Permission.SEE_ORIGINS, Subject(top.path))

    def provenance(of: Period) -> Provenance:
        return get_provenance(session, actor, unit=unit, period=of, indicator=indicator, tree=tree, pending=pending)

    form = next((made.form for made in made_forms(session, top, period) if indicator in made.form.by_code), None)
    if form is None:
        return provenance(period)
    rows = roll_up_made(session, actor, unit=unit, period=period, indicators=[indicator], tree=tree, pending=pending)
    (row,) = covered(session, actor, top, period, rows, pending=pending)
    asked = form.indicator(indicator)
    return MadeProvenance(top, period, asked, way_of(form, asked), row, [provenance(part) for part in row.counted])
