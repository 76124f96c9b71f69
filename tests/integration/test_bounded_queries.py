"""What dashboards and the API ask costs as many statements for a large province as for a small one."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.units import Level
from portal.queries.forms import get_form
from portal.queries.progress import completeness
from portal.queries.rollups.differences import differences
from portal.queries.rollups.entries import list_entries, standing
from portal.queries.rollups.lineage import trace
from portal.queries.rollups.own_figures import own_figures
from portal.queries.rollups.provenance import get_provenance
from portal.queries.rollups.series import get_series
from portal.queries.rollups.totals import CURRENT_TREE, roll_up
from portal.queries.units import get_unit
from portal.services import rollup_entries
from tests.statements import statements
from tests.world import PERIOD, TREE, World, build_world

SMALL, LARGE = "p2", "p1"
DISTRICTS = [f"d14{number}" for number in range(6)]
MORE = {
    "c22": ("p2", Level.CITY),
    **{f"c1{number}": ("p1", Level.CITY) for number in range(4, 9)},
    **dict.fromkeys(DISTRICTS, ("c14", Level.DISTRICT)),
}
MOST = 40
"""Statements that none of the questions may take for one period."""

Ask = Callable[[Session, Actor], object]


def _over(by: str, indicators: list[str] | None, **reading: object) -> Ask:
    def ask(session: Session, actor: Actor) -> object:
        unit = actor.place.code
        return roll_up(session, actor, unit=unit, period=PERIOD, indicators=indicators, by=by, **reading)

    return ask


def _about(query: Callable[..., object], **more: object) -> Ask:
    return lambda session, actor: query(session, actor, unit=actor.place.code, period=PERIOD, **more)


def _ranked(session: Session, actor: Actor) -> object:
    form = get_form(session, "T")
    return [
        own_figures(
            session, actor, under=actor.place.code, level=level, period=PERIOD, indicator=form.indicator("T203")
        )
        for level in (Level.CITY, Level.DISTRICT)
    ]


def _years(session: Session, actor: Actor) -> object:
    return get_series(session, actor, unit=actor.place.code, indicator="T203")


def _due(session: Session, actor: Actor) -> object:
    unit = get_unit(session, actor.place.code, period=PERIOD)
    return standing(session, unit, PERIOD, get_form(session, "T").indicator("T102"))


QUESTIONS: dict[str, Ask] = {
    "one indicator over all units of a level": _over("level:district", ["T203"]),
    "one indicator over the units below": _over("children", ["T203"]),
    "all indicators of one unit": _over("self", None),
    "all indicators over the units below": _over("children", None),
    "all indicators over all units of a level": _over("level:district", None),
    "with what is not accepted yet": _over("children", None, pending=True),
    "in today's tree": _over("children", None, tree=CURRENT_TREE),
    "own figures beside those below": _about(differences),
    "who has reported": _about(completeness),
    "who has reported, by unit": _about(completeness, by="children"),
    "where a number comes from": _about(trace, indicator="T104"),
    "who ranks where": _ranked,
    "over the years": _years,
    "what was entered, where and why": _about(list_entries),
    "what is still to be eliminated": _due,
    "who is not in it": _about(get_provenance, indicator="T203"),
}


@pytest.fixture
def provinces(database: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """One with three units below it, and one with seventeen, with figures accepted and not accepted yet in both."""
    for code, (parent, level) in MORE.items():
        monkeypatch.setitem(TREE, code, (parent, level))
    world = build_world()
    for unit in ("d211", *DISTRICTS[:4], "c13"):
        world.accept(unit)
    for unit in ("c21", "c15", "c16", "d111"):
        world.submit(unit)
    for unit, top in (("c21", SMALL), *((unit, LARGE) for unit in ("c11", "c14", "d111", "d141", "d142"))):
        _enter(world, unit, top)
    return world


def _enter(world: World, unit: str, top: str) -> None:
    actor = world.actor(top)
    entry = Entry(EntryKind.ADJUSTMENT, Decimal(1))
    with transaction(actor) as session:
        rollup_entries.enter(
            session, actor, unit=unit, period=PERIOD, indicator="T203", entry=entry, reason="补报", seen=0
        )


def test_more_units_cost_no_more_statements(provinces: World) -> None:
    for name, ask in QUESTIONS.items():
        small, large = (statements(_asked(ask, provinces.actor(unit))) for unit in (SMALL, LARGE))
        assert len(large) == len(small), f"{name}: {len(small)} and {len(large)}\n" + "\n".join(large)
        assert len(large) <= MOST, name


def _asked(ask: Ask, actor: Actor) -> Callable[[], None]:
    def asked() -> None:
        with transaction(actor) as session:
            assert ask(session, actor)

    return asked
