"""Random trees, reorganised at random between random acceptances, against a model: equal after every step."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from portal import clock
from portal.db import transaction
from portal.domain.actors import Role
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.units import Level, Placement
from portal.domain.values import MISSING, NOT_APPLICABLE, Value
from portal.errors import Blocked, FormInvalid
from portal.queries.people import portal_actor
from portal.queries.reorganisations import get_reorganisation
from portal.queries.rollups.provenance import get_provenance
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, roll_up
from portal.queries.rollups.verification import verify
from portal.queries.units import list_units
from portal.services import collections, forms, moves, reorganisations, rollup_entries, rollups, units, values
from tests.integration.tree_model import KINDS, Answers, Model
from tests.world import FORM, START, World, good_answers

YEARS = (2021, 2022)
PRECISE = Decimal(10) ** -15
FORM_T = read_form(FORM)

counts = st.integers(0, 10**6).map(Decimal)
amounts = st.decimals(min_value=0, max_value=10**9, places=6)
answers = st.fixed_dictionaries(
    {
        "T102": counts, "T103": counts, "T105": st.sampled_from(["是", "否"]), "T106": st.sampled_from(["优秀", "良好"]),
        "T107": st.integers(1, 100).map(Decimal), "T201": st.one_of(counts, st.none()), "T202": amounts,
    },
    optional={"T203": st.one_of(st.none(), amounts)},
)  # fmt: skip
picks = st.integers(0, 10**6)
gaps = st.sampled_from([1, 90, 200, 500])


class Reorganisations(RuleBasedStateMachine):
    """The portal, and the model beside it."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.start = connection.begin_nested()
        self.undo_to: list[tuple[int, date, Model]] = []
        self.day = date(2021, 3, 1)
        self.named = 0
        self.made: Counter[tuple[str, int, str]] = Counter()
        self.numbers: dict[tuple[str, int, str], list[int]] = {}

    def teardown(self) -> None:
        self.start.rollback()

    @initialize(
        cities=st.integers(1, 3),
        districts=st.lists(picks, min_size=2, max_size=5),
        first=st.lists(st.tuples(picks, st.sampled_from(YEARS), answers), min_size=2, max_size=4),
    )
    def found(self, cities: int, districts: list[int], first: list[tuple[int, int, Answers]]) -> None:
        """A tree of a province, cities, and districts below any of them; asked for two years."""
        tops = ["p", *(f"c{number}" for number in range(cities))]
        placed = [("p", "", Level.PROVINCE), *((city, "p", Level.CITY) for city in tops[1:])]
        placed += [(f"d{n}", tops[pick % len(tops)], Level.DISTRICT) for n, pick in enumerate(districts)]
        self.model = Model({code: [[START, None, parent, str(level)]] for code, parent, level in placed})
        with transaction(None) as session:
            units.import_units(
                session, [Placement(code, parent, code, "", level, START) for code, parent, level in placed], []
            )
            forms.publish(session, FORM_T)
            actor = portal_actor(session, "p")
        for year in YEARS:
            with transaction(actor) as session:
                collections.send_down(
                    session, actor, FORM_T, Period(year), opens_on=date(year, 12, 31), due_on=date(2027, 1, 1)
                )
            self.model.asked |= {(code, year): str(level) for code, _parent, level in placed}
        self.world = World(FORM_T)
        for pick, year, given in first:
            self._report(pick, year, given, about=False)

    @rule(pick=picks, year=st.sampled_from(YEARS), given=answers, about=st.booleans())
    def accept(self, pick: int, year: int, given: Answers, about: bool) -> None:
        """A unit reports, or corrects what was accepted."""
        self._report(pick, year, given, about=about)

    def _report(self, pick: int, year: int, given: Answers, *, about: bool) -> None:
        able = [unit for unit in sorted(self.model.living(date.max)) if (unit, year) in self.model.asked]
        able = [unit for unit in able if unit in self.model.living(date(year, 12, 31))]
        if not able:
            return
        unit = able[pick % len(able)]
        if (unit, year) in self.model.accepted:
            self._take(unit, year, Action.REOPEN)
            del self.model.accepted[unit, year]
        level = Level(self.model.asked_at(unit, year))
        written = {code: Value.of(answer, approximate=about) for code, answer in given.items() if answer is not None}
        written["T101"] = Value.of(given["T102"] + given["T103"])
        written["T203"] = Value.of(given["T203"]) if given.get("T203") is not None else MISSING
        written |= {code: NOT_APPLICABLE for code, answer in given.items() if answer is None}
        actor = self.world.actor(unit)
        typed = {each.code for each in FORM_T.typed_at(level)}
        with transaction(actor) as session:
            values.save_values(
                session,
                actor,
                self.world.key(unit, Period(year)),
                {code: value for code, value in (good_answers() | written).items() if code in typed},
            )
        try:
            self._take(unit, year, Action.SUBMIT)
        except Blocked:  # beside last year's it looks like a slip, and wants an explanation first
            self.touched.add(unit)
            return
        self._take(unit, year, Action.ACCEPT)
        told = dict(given) | {"T101": written["T101"].number, "T104": (given["T102"], written["T101"].number)}
        self.model.asked[unit, year] = str(level)
        self.model.accepted[unit, year] = {
            code: answer for code, answer in told.items() if level in FORM_T.indicator(code).filled_by
        }

    @precondition(lambda self: self.model.accepted)
    @rule(pick=picks)
    def reopen(self, pick: int) -> None:
        living = [key for key in sorted(self.model.accepted) if key[0] in self.model.living(date.max)]
        if living:
            unit, year = living[pick % len(living)]
            self._take(unit, year, Action.REOPEN)
            del self.model.accepted[unit, year]

    @rule(
        pick=picks,
        year=st.sampled_from(YEARS),
        code=st.sampled_from(["T201", "T203"]),
        amount=st.integers(1, 10**6).map(Decimal),
    )
    def enter(self, pick: int, year: int, code: str, amount: Decimal) -> None:
        """The province adjusts the roll-up of a unit of the year's tree; never below what the form admits."""
        there = sorted(self.model.living(date(year, 12, 31)) & self.model.living(date.max))
        unit = there[pick % len(there)]
        if self.model.living(date(year, 12, 31)) == {unit}:  # it has nothing to add up
            return
        self._enter(unit, year, code, amount)
        self.model.entered.setdefault((unit, year, code), []).append(amount)

    @precondition(lambda self: self.model.entered)
    @rule(pick=picks)
    def withdraw(self, pick: int) -> None:
        """What was entered last is withdrawn."""
        key = sorted(self.model.entered)[pick % len(self.model.entered)]
        self._withdraw(*key)
        self.model.entered[key].pop()
        if not self.model.entered[key]:
            del self.model.entered[key]

    @rule(pick=picks, to=picks, gap=gaps)
    def move(self, pick: int, to: int, gap: int) -> None:
        unit = self._any(pick)
        tops = [each for each in sorted(self.model.living(date.max)) if unit not in self.model.line(each, date.max)]
        if unit == "p" or not tops:
            return
        parent, level = tops[to % len(tops)], self.model.stay(unit, date.max)[3]
        if parent != self.model.stay(unit, date.max)[2]:
            self._reorganise(
                gap,
                [Change(ChangeKind.MOVE, unit, parent_code=parent)],
                lambda model, day: model.place(unit, day, parent, level),
            )

    @rule(picked=st.lists(picks, min_size=2, max_size=3), into_new=st.booleans(), gap=gaps)
    def merge(self, picked: list[int], into_new: bool, gap: int) -> None:
        """Several units become one of them, or a new one where the first stood; what was below them is below it."""
        sources = list(dict.fromkeys(unit for unit in map(self._any, picked) if unit != "p"))
        if len(sources) < 2 or any(
            one != other and one in self.model.line(other, date.max) for one in sources for other in sources
        ):
            return
        target = self._new() if into_new else sources[0]

        def change(model: Model, day: date) -> None:
            _from, _to, parent, level = model.stay(sources[0], day)
            if into_new:
                model.place(target, day, parent, level)
            for source in set(sources) - {target}:
                for each in sorted(model.living(day)):
                    if model.stay(each, day)[2] == source:
                        model.place(each, day, target, model.stay(each, day)[3])
                model.end(source, day, target)

        self._reorganise(gap, [Change(ChangeKind.MERGE, target, tuple(sources), name=target)], change)

    @rule(pick=picks, to=picks, lives_on=st.booleans(), gap=gaps)
    def split(self, pick: int, to: int, lives_on: bool, gap: int) -> None:
        """A unit without others below it becomes two, the second of which may stand elsewhere."""
        unit = self._any(pick)
        if any(self.model.stay(each, date.max)[2] == unit for each in self.model.living(date.max)):
            return
        tops = sorted(self.model.living(date.max) - {unit})
        parent = tops[to % len(tops)]
        parts = (unit if lives_on else self._new(), self._new())
        changes = [
            Change(ChangeKind.SPLIT, parts[0], (unit,), name=parts[0]),
            Change(ChangeKind.SPLIT, parts[1], (unit,), parent_code=parent, name=parts[1]),
        ]

        def change(model: Model, day: date) -> None:
            _from, _to, old_parent, level = model.stay(unit, day)
            model.end(unit, day, *parts)
            if not lives_on:
                model.place(parts[0], day, old_parent, level)
            model.place(parts[1], day, parent, level)

        self._reorganise(gap, changes, change)

    @rule(pick=picks, gap=gaps)
    def dissolve(self, pick: int, gap: int) -> None:
        unit = self._any(pick)
        below = [each for each in sorted(self.model.living(date.max)) if self.model.stay(each, date.max)[2] == unit]
        if unit == "p":
            return
        parent = self.model.stay(unit, date.max)[2]

        def change(model: Model, day: date) -> None:
            for each in below:
                model.place(each, day, parent, model.stay(each, day)[3])
            model.end(unit, day)

        changes = [Change(ChangeKind.MOVE, each, parent_code=parent) for each in below]
        self._reorganise(gap, [*changes, Change(ChangeKind.DISSOLVE, unit)], change)

    @rule(pick=picks, level=st.sampled_from([Level.CITY, Level.DISTRICT]), gap=gaps)
    def change_level(self, pick: int, level: Level, gap: int) -> None:
        """A unit is raised or lowered where it stands: what was accepted of it stays what it was."""
        unit = self._any(pick)
        _from, _to, parent, before = self.model.stay(unit, date.max)
        if unit != "p" and before != level:
            self._reorganise(
                gap,
                [Change(ChangeKind.LEVEL, unit, level=level)],
                lambda model, day: model.place(unit, day, parent, str(level)),
            )

    @rule(
        pick=picks,
        year=st.sampled_from(YEARS),
        code=st.sampled_from(sorted(KINDS)),
        tree=st.sampled_from([REPORTED_TREE, CURRENT_TREE]),
    )
    def trace(self, pick: int, year: int, code: str, tree: str) -> None:
        """Any number is the sum of its lineage."""
        actor = self.world.actor("p")
        there = sorted(self.model.living(date.max if tree == CURRENT_TREE else date(year, 12, 31)))
        with transaction(actor) as session:
            found = get_provenance(
                session, actor, unit=there[pick % len(there)], period=Period(year), indicator=code, tree=tree
            )
        assert found.agrees
        assert len(found.contributions) == found.row.reported

    @rule()
    def rebuild(self) -> None:
        """What is built again is what was there."""
        with transaction(None) as session:
            portal = portal_actor(session, "p")
        with transaction(portal) as session:
            rollups.rebuild(session, portal)

    @precondition(lambda self: self.undo_to)
    @rule()
    def undo(self) -> None:
        number, day, before = self.undo_to[-1]
        actor = self.world.actor("p", Role.UNIT_ADMIN)
        begun = {unit for unit, _year in self.model.accepted} | self.touched
        begun |= {unit for unit, _year, _code in self.model.entered}
        refused = any(unit not in before.stays for unit in begun)
        with transaction(actor) as session:
            version = get_reorganisation(session, actor, number).row_version
        if refused:
            with pytest.raises(FormInvalid), transaction(actor) as session:
                reorganisations.undo(session, actor, number, version)
            return
        with transaction(actor) as session:
            reorganisations.undo(session, actor, number, version)
        before.accepted, before.entered = self.model.accepted, self.model.entered
        before.asked |= {key: self.model.asked[key] for key in self.model.accepted}
        self.model = before
        self.undo_to.pop()
        assert day <= self.day

    @invariant()
    def equal(self) -> None:
        """Every total of every unit, by both trees; and nothing stored that is not so."""
        if not hasattr(self, "world"):
            return
        actor = self.world.actor("p")
        for year in YEARS:
            for current, tree in ((False, REPORTED_TREE), (True, CURRENT_TREE)):
                with transaction(actor) as session:
                    rows = [
                        row
                        for by in ("self", "level:city", "level:district")
                        for row in roll_up(
                            session, actor, unit="p", period=Period(year), indicators=list(KINDS), by=by, tree=tree
                        )
                    ]
                    there = {unit.code for unit in list_units(session, period=None if current else Period(year))}
                assert there == self.model.living(date.max if current else date(year, 12, 31))
                assert {row.unit_code for row in rows} == there
                for row in rows:
                    filled_by = {str(level) for level in FORM_T.indicator(row.indicator).filled_by}
                    told = self.model.total(row.unit_code, year, row.indicator, filled_by, current)
                    self._compare(row, told)
        with transaction(actor) as session:
            assert verify(session, actor.place.root_id)[1] == []

    def _compare(self, row, told: tuple) -> None:
        value, counts, low, high, reported, not_applicable, expected, torn, entered = told
        seen = f"{row.unit_code} {row.indicator} {row.tree}"
        assert (row.value is None) == (value is None), seen
        if value is not None:
            assert abs(row.value - value) <= PRECISE * max(abs(value), 1), seen
        assert (row.counts, row.minimum, row.maximum) == (counts, low, high), seen
        assert (row.reported, row.not_applicable, row.expected) == (reported, not_applicable, expected), seen
        assert set(row.torn) == torn, seen
        assert (row.total.eliminated, row.total.adjusted) == (None, entered), seen

    def _any(self, pick: int) -> str:
        living = sorted(self.model.living(date.max))
        return living[pick % len(living)]

    def _new(self) -> str:
        self.named += 1
        return f"n{self.named}"

    def _enter(self, unit: str, year: int, code: str, amount: Decimal) -> None:
        actor = self.world.actor("p", Role.REVIEWER)
        with transaction(actor) as session:
            rollup_entries.enter(
                session,
                actor,
                unit=unit,
                period=Period(year),
                indicator=code,
                entry=Entry(EntryKind.ADJUSTMENT, amount),
                reason="两级各登记一次",
                seen=self._seen(unit, year, code),
            )
        self.numbers.setdefault((unit, year, code), []).append(self.made[unit, year, code])

    def _withdraw(self, unit: str, year: int, code: str) -> None:
        actor = self.world.actor("p", Role.REVIEWER)
        with transaction(actor) as session:
            rollup_entries.withdraw(
                session,
                actor,
                unit=unit,
                period=Period(year),
                indicator=code,
                number=self.numbers[unit, year, code].pop(),
                reason="核对有误",
                seen=self._seen(unit, year, code),
            )

    def _seen(self, unit: str, year: int, code: str) -> int:
        """How many entries and withdrawals there were; one more now."""
        self.made[unit, year, code] += 1
        return self.made[unit, year, code] - 1

    def _take(self, unit: str, year: int, action: Action) -> None:
        superior = self.model.stay(unit, date.max)[2] or unit
        actor = self.world.actor(unit if action is Action.SUBMIT else superior)
        with transaction(actor) as session:
            moves.take(session, actor, self.world.key(unit, Period(year)), action, reason="更正")
        self.touched.add(unit)

    @property
    def touched(self) -> set[str]:
        """Units that ever began to report."""
        return self.__dict__.setdefault("_touched", set())

    def _reorganise(self, gap: int, changes: list[Change], change: Callable[[Model, date], None]) -> None:
        day = self.day + timedelta(days=gap)
        if day > clock.today():  # it is not yet: to the model, what is placed last is today's tree
            return
        before, after = self.model.copy(), self.model.copy()
        change(after, day)
        actor = self.world.actor("p", Role.UNIT_ADMIN)
        with transaction(actor) as session:
            row = reorganisations.begin(session, actor, day, "试验", changes)
        stuck = any(
            date(year, 12, 31) >= day and unit not in after.living(date.max)
            for unit, year, *_code in [*self.model.accepted, *self.model.entered]
        )
        if stuck:
            with pytest.raises(FormInvalid), transaction(actor) as session:
                reorganisations.apply(session, actor, row.number, row.row_version)
            return
        with transaction(actor) as session:
            reorganisations.apply(session, actor, row.number, row.row_version)
        for year in YEARS:
            if date(year, 12, 31) >= day:
                for unit in after.living(date(year, 12, 31)):
                    after.asked.setdefault((unit, year), after.stay(unit, date(year, 12, 31))[3])
        self.model, self.day = after, day
        self.undo_to.append((row.number, day, before))


def test_equal_to_the_model_after_every_step(connection: Connection) -> None:
    run_state_machine_as_test(
        lambda: Reorganisations(connection),
        settings=settings(
            max_examples=8,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )
