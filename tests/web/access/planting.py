"""A world in which every unit has rows at every stage, and every row carries markers of its unit."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from importers.identity import UnitName
from importers.template import template
from portal.db import transaction
from portal.domain.batches import BatchKind, LineOutcome
from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Actor, Role
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.units import Level
from portal.domain.values import Value
from portal.jobs.uploads import keep, process
from portal.services import batches, evidence, explanations, list_rows, moves, passages, rollup_entries, values
from portal.services.batches import Line
from portal.services.list_rows import RowChange
from tests.web.access.markers import Kind, Marker, Markers, Stage, number, word
from tests.web.conftest import Site
from tests.world import TREE

ACCEPTED, HANDED_IN, SENT_BACK, DRAFT = Period(2020), Period(2021), Period(2022), Period(2023)
PERIODS = (ACCEPTED, HANDED_IN, SENT_BACK, DRAFT)

_TO_EXPLAIN = ("rule_broken", "T107-E1", "T107")


@dataclass
class Planted:
    """What was planted: the markers, the upload and the file of each unit in each period, and somebody of each unit."""

    markers: list[Marker] = field(default_factory=list)
    uploads: dict[tuple[str, Period], UUID] = field(default_factory=dict)
    files: dict[tuple[str, Period], str] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    batches: dict[str, UUID] = field(default_factory=dict)

    @property
    def known(self) -> Markers:
        """The markers, to look for."""
        return Markers(self.markers)


def plant(site: Site) -> Planted:
    """Let every unit report four years: one accepted, one handed in, one sent back and begun anew, one begun."""
    planted = Planted()
    for unit in sorted(TREE, key=lambda code: TREE[code][0] == "", reverse=True):
        for period in PERIODS:
            _Report(site, planted, unit, period).take_place()
        planted.batches[unit] = _batch(site, planted, unit)
        name = word(unit, "person")
        planted.people[unit] = site.account(f"known-{unit}", last_name=name, first_name=word(unit, "given"))
        site.employ(planted.people[unit], unit, Role.FILLER)
        planted.markers += [Marker(text, Kind.PERSON, unit) for text in (name, word(unit, "given"))]
    planted.markers += _sums()
    return planted


class _Report:
    """One unit's report for one period."""

    def __init__(self, site: Site, planted: Planted, unit: str, period: Period) -> None:
        self.world = site.world
        self.planted = planted
        self.unit = unit
        self.period = period
        self.key = self.world.key(unit, period)

    def take_place(self) -> None:
        self._upload(_stage(self.period))
        if self.period == SENT_BACK:
            self._fill("first", Stage.HANDED_IN)
            self._hand_in_and_be_sent_back()
            self._fill("second", Stage.DRAFT)
            return
        self._fill("only", _stage(self.period))
        if self.period == HANDED_IN:
            self._hand_in_and_be_sent_back()
        if self.period in {HANDED_IN, ACCEPTED}:
            self._take(self._person("submitter"), Action.SUBMIT)
        if self.period == ACCEPTED:
            self._take(self._superior(), Action.ACCEPT)
            self._enter()

    def _enter(self) -> None:
        """An entry in the unit's roll-up, by its superior; a top unit makes it itself."""
        actor = replace(self._superior(), name=self._mark("enterer", Kind.COURSE))
        with transaction(actor) as session:
            rollup_entries.enter(
                session,
                actor,
                unit=self.unit,
                period=self.period,
                indicator="T203",
                entry=Entry(EntryKind.ADJUSTMENT, Decimal(1)),
                reason=self._mark("entered", Kind.COURSE),
                seen=0,
            )

    def _hand_in_and_be_sent_back(self) -> None:
        self._take(self._person("submitter"), Action.SUBMIT)
        self._take(self._superior(), Action.SEND_BACK, reason=self._mark("reason", Kind.COURSE))

    def _take(self, actor: Actor, action: Action, reason: str = "") -> None:
        with transaction(actor) as session:
            moves.take(session, actor, self.key, action, reason=reason)

    def _fill(self, version: str, stage: Stage) -> None:
        actor = replace(self.world.actor(self.unit), name=self._mark(f"{version}filler", Kind.FIGURE, stage))
        answers = self._answers(version, stage)
        with transaction(actor) as session:
            saved = values.save_values(session, actor, self.key, answers)
            assert saved.refused == []
            explanation = f"为什么是零：{self._mark(f'{version}why', Kind.FIGURE, stage)}"
            explanations.explain(session, actor, self.key, _TO_EXPLAIN, "other", explanation)
            filename = f"{self._mark(f'{version}grounds', Kind.FIGURE, stage)}.pdf"
            grounds = f"%PDF-{self._mark(f'{version}groundsbytes', Kind.FIGURE, stage)}".encode()
            explanations.attach(session, actor, self.key, _TO_EXPLAIN, filename, grounds, limit=1000)
            text = self._mark(f"{version}text", Kind.FIGURE, stage)
            seen = 0 if version != "second" else 1
            passages.write_passage(session, actor, self.key, "W1", text, seen=seen)
            listed = {"title": Value.of(self._mark(f"{version}row", Kind.FIGURE, stage))}
            list_rows.save_rows(session, actor, self.key, "cases", [RowChange(1, listed, seen)])
            filename = f"{self._mark(f'{version}proof', Kind.FIGURE, stage)}.pdf"
            proof = f"%PDF-{self._mark(f'{version}bytes', Kind.FIGURE, stage)}".encode()
            self.planted.files[self.unit, self.period] = evidence.add_evidence(
                session, actor, self.key, "T101", filename, proof, limit=1000
            )

    def _answers(self, version: str, stage: Stage) -> dict[str, Value]:
        parts = [number(self.unit, self.period, version, code) for code in ("T102", "T103", "T201", "T203")]
        self.planted.markers += [
            Marker(str(figure), Kind.FIGURE, self.unit, stage, str(self.key))
            for figure in (*parts, parts[0] + parts[1])
        ]
        note = self._mark(f"{version}note", Kind.FIGURE, stage)
        answers = {
            "T101": Value.of(parts[0] + parts[1], note=note),
            "T102": Value.of(parts[0]),
            "T103": Value.of(parts[1]),
            "T105": Value.of("是"),
            "T106": Value.of("良好"),
            "T107": Value.of(0),
            "T201": Value.of(parts[2]),
            "T202": Value.of(650),
            "T203": Value.of(parts[3]),
        }
        asked = {indicator.code for indicator in self.world.form.typed_at(TREE[self.unit][1])}
        return {code: value for code, value in answers.items() if code in asked}

    def _upload(self, stage: Stage) -> None:
        """A workbook with markers in its name, in a figure and in a note; two of them are really examined."""
        actor = replace(self.world.actor(self.unit), name=self._mark("uploader", Kind.FIGURE, stage))
        figure = number(self.unit, self.period, "file")
        self.planted.markers.append(Marker(str(figure), Kind.FIGURE, self.unit, stage, str(self.key)))
        current = {"T101": Value.of(figure, note=self._mark("filenote", Kind.FIGURE, stage))}
        level: Level = TREE[self.unit][1]
        name = UnitName(self.unit, f"{self.unit} 民政局", level)
        content = template(self.world.form, name, self.period, current=current)
        with transaction(actor) as session:
            filename = f"{self._mark('file', Kind.FIGURE, stage)}.xlsx"
            self.planted.uploads[self.unit, self.period] = keep(session, actor, self.key, filename, content)
        if self.period == DRAFT and self.unit in {"d111", "d211"}:
            process(self.unit, self.planted.uploads[self.unit, self.period])

    def _person(self, name: str) -> Actor:
        return replace(self.world.actor(self.unit), name=self._mark(name, Kind.COURSE))

    def _superior(self) -> Actor:
        return replace(self.world.actor(TREE[self.unit][0] or self.unit), name=self._mark("decider", Kind.COURSE))

    def _mark(self, name: str, kind: Kind, stage: Stage = Stage.DRAFT) -> str:
        text = word(self.unit, self.period, name)
        self.planted.markers.append(Marker(text, kind, self.unit, stage, str(self.key)))
        return text


def _batch(site: Site, planted: Planted, unit: str) -> UUID:
    """A batch of the unit's own, with a line that nobody else may read."""
    actor, text = site.world.actor(unit), word(unit, "batchline")
    planted.markers.append(Marker(text, Kind.FIGURE, unit, Stage.DRAFT, str(site.world.key(unit, DRAFT))))
    key = CollectionKey(site.world.form.code, DRAFT)
    with transaction(actor) as session:
        batch_id = batches.order(session, actor, key, BatchKind.TABLE, with_figures=True, language="zh")
        line = Line(
            text,
            0,
            text,
            LineOutcome.STORED,
            1,
            {"info": 1},
            [dict.fromkeys(("severity", "indicator", "cell", "zh", "en"), text)],
        )
        batches.write_lines(session, actor, batch_id, [line])
    return batch_id


def _stage(period: Period) -> Stage:
    return {ACCEPTED: Stage.ACCEPTED, HANDED_IN: Stage.HANDED_IN}.get(period, Stage.DRAFT)


def _sums() -> Iterator[Marker]:
    """What the accepted figures of every inner unit add up to."""

    def total(unit: str, code: str) -> int:
        children = [child for child, (parent, _level) in TREE.items() if parent == unit]
        return number(unit, ACCEPTED, "only", code) + sum(total(child, code) for child in children)

    for unit in {parent for parent, _level in TREE.values() if parent}:
        for code in ("T102", "T103"):
            yield Marker(str(total(unit, code)), Kind.SUM, unit)
