"""What units were called, when: those too that are no longer in the tree."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Placement, Unit


@dataclass(frozen=True)
class UnitName:
    """A unit's names from one day to the next change."""

    id: int
    root_id: int
    code: str
    name: str
    name_en: str


@dataclass(frozen=True)
class UnitNames:
    """Every name that units had; by code, in order of time, each with the day it begins on."""

    known: Mapping[str, Sequence[tuple[date, UnitName]]]

    def on(self, day: date) -> dict[str, UnitName]:
        """By code, what each was called on a day: else last before it, else first after it."""
        return {
            code: several[max(bisect_right([start for start, _name in several], day) - 1, 0)][1]
            for code, several in self.known.items()
        }


def read_unit_names(session: Session, codes: Collection[str] = (), *, ids: Collection[int] = ()) -> UnitNames:
    """The names of units, told by their codes or their ids."""
    if not codes and not ids:
        return UnitNames({})
    query = (
        select(Unit.id, Unit.root_id, Unit.code, Placement.name, Placement.name_en, Placement.valid)
        .join(Placement, Placement.unit_id == Unit.id)
        .where(Unit.code.in_(codes) | Unit.id.in_(ids))
        .order_by(Unit.code, Placement.valid)
    )
    known: dict[str, list[tuple[date, UnitName]]] = defaultdict(list)
    for unit_id, root_id, code, name, name_en, valid in session.execute(query):
        known[code].append((valid.lower or date.min, UnitName(unit_id, root_id, code, name, name_en)))
    return UnitNames(known)
