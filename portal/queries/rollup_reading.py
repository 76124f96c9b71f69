"""Everything that roll-ups as reported are read from, in one statement: to ask takes longer than most of the answers.

What is read by functions of the database: a policy would ask for every row whether its unit is within sight.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.domain.periods import Period
from portal.queries.parameters import joined


class Told(NamedTuple):
    """Rows of texts, which all begin with a period.

    Attributes:
        stored: a row per period; after it units, indicators, categories, how many reported and how many have it not
            applicable, amounts, weights, minima and maxima, each `joined`.
        expected: a row per period; after it units, forms, levels, how many answers, and whether made-up ones are among
            them, each `joined`.
        entries: unit, indicator, kind and amount.
    """

    stored: Sequence[Sequence[str]]
    expected: Sequence[Sequence[str]]
    entries: Sequence[Sequence[str]]


def read_reported(
    session: Session,
    root_id: int,
    periods: Collection[Period],
    stored: Collection[int],
    units: Collection[int],
    indicators: Collection[str] | None,
) -> Told:
    """The stored roll-ups of some units, what is expected of some, and all entries, in these periods.

    Args:
        session: the transaction.
        root_id: of the units' top unit.
        periods: which.
        stored: ids of the units whose roll-ups are wanted.
        units: ids of those of which it matters how many answers are expected.
        indicators: whose roll-ups and entries; None for all.
    """
    asked = {
        "root": root_id,
        "periods": joined(map(str, periods)),
        "stored": joined(map(str, stored)),
        "units": joined(map(str, units)),
        "indicators": None if indicators is None else joined(indicators),
    }
    told: dict[str, list[Any]] = {"stored": [], "expected": [], "entry": []}
    for kind, *row in session.execute(_READ, asked).all():
        told[kind].append(row)
    return Told(*told.values())


_READ = text(r"""
select 'stored', s.* from stored_rollups(
    :root, string_to_array(:periods, e'\x1f'), cast(string_to_array(:stored, e'\x1f') as int[]),
    string_to_array(:indicators, e'\x1f')
) s
union all
select 'expected', e.*, null, null, null, null
from expected_of(:root, string_to_array(:periods, e'\x1f'), cast(string_to_array(:units, e'\x1f') as int[])) e
union all
select 'entry', each, cast(a.unit_id as text), a.indicator, a.kind, cast(a.amount as text),
       null, null, null, null, null
from unnest(string_to_array(:periods, e'\x1f')) each
cross join lateral rollup_entry_amounts(:root, each) a
where cast(:indicators as text) is null or a.indicator = any(string_to_array(:indicators, e'\x1f'))
""")
