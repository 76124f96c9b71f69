"""Everything that roll-ups as reported are made of, read in one statement, because to ask takes long.

It is of one moment; on Citus what each function tells is, for itself.

What is read by functions of the database: a policy would ask for every row whether its unit is within sight.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.domain.periods import Period
from portal.queries.parameters import joined


class Told(NamedTuple):
    """Rows of texts, which all but those of forms begin with a period.

    Attributes:
        trees: for `trees_told`.
        forms: for `forms_told`.
        stored: a row per period; after it units, indicators, categories, how many reported and how many have it not
            applicable, amounts, weights, minima and maxima, each `joined`.
        expected: a row per period; after it units, forms, levels, how many answers, and whether made-up ones are among
            them, each `joined`.
        entries: unit, indicator, kind and amount.
    """

    trees: Sequence[Sequence[str]]
    forms: Sequence[Sequence[Any]]
    stored: Sequence[Sequence[str]]
    expected: Sequence[Sequence[str]]
    entries: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Wanted:
    """What is read of a top unit's periods.

    Attributes:
        root_id: of the top unit.
        above: paths of the units from the top one down to the one asked about.
        stored: ids of the units whose roll-ups are wanted.
        units: ids of those of which it matters how many answers are expected.
    """

    root_id: int = 0
    above: Collection[str] = ()
    stored: Collection[int] = ()
    units: Collection[int] = ()


def read_reported(
    session: Session, periods: Collection[Period], wanted: Wanted, indicators: Collection[str] | None
) -> Told:
    """The trees and forms of periods, the stored roll-ups of some units, what is expected of some, and all entries.

    Args:
        session: the transaction.
        periods: which.
        wanted: of which units.
        indicators: whose roll-ups and entries; None for all.
    """
    asked = {
        "root": wanted.root_id,
        "periods": joined(map(str, periods)),
        "ends": joined(str(each.ends_on) for each in periods),
        "above": joined(wanted.above),
        "stored": joined(map(str, wanted.stored)),
        "units": joined(map(str, wanted.units)),
        "indicators": None if indicators is None else joined(indicators),
    }
    told: dict[str, list[Any]] = {"tree": [], "form": [], "stored": [], "expected": [], "entry": []}
    for kind, *row in session.execute(_READ, asked).all():
        told[kind].append(row)
    return Told(
        [row[:3] for row in told["tree"]],
        [(*row[:6], None) for row in told["form"]],
        told["stored"],
        told["expected"],
        told["entry"],
    )


def read_stored(
    session: Session,
    root_id: int,
    periods: Collection[Period],
    units: Collection[int],
    indicators: Collection[str] | None,
) -> Sequence[Sequence[str]]:
    """The stored roll-ups of some units alone, as `Told.stored`."""
    asked = {
        "root": root_id,
        "periods": joined(map(str, periods)),
        "stored": joined(map(str, units)),
        "indicators": None if indicators is None else joined(indicators),
    }
    return [tuple(row) for row in session.execute(_STORED, asked)] if units else []


_STORED_ROLLUPS = r"""stored_rollups(
    :root, string_to_array(:periods, e'\x1f'), cast(string_to_array(:stored, e'\x1f') as int[]),
    string_to_array(:indicators, e'\x1f')
)"""
_STORED = text("select s.* from " + _STORED_ROLLUPS + " s")

_READ = text(
    "select 'stored', s.* from "
    + _STORED_ROLLUPS
    + r""" s
union all
select 'tree', t.*, null, null, null, null, null, null, null
from trees_of(string_to_array(:periods, e'\x1f'), cast(string_to_array(:ends, e'\x1f') as date[])) t
union all
select 'form', f.period_code, f.form_code, f.version, f.digest, f.unit_path, f.added, null, null, null, null
from sent_down(
    :root, string_to_array(:periods, e'\x1f'), cast(string_to_array(:above, e'\x1f') as ltree[])
) f
union all
select 'expected', e.*, null, null, null, null
from expected_of(:root, string_to_array(:periods, e'\x1f'), cast(string_to_array(:units, e'\x1f') as int[])) e
union all
select 'entry', n.*, null, null, null, null, null
from entries_of(:root, string_to_array(:periods, e'\x1f'), string_to_array(:indicators, e'\x1f')) n
"""
)
