"""Reorganisations (区划调整) as lists of changes, and what they make of the placements of units."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from portal.domain.texts import Text
from portal.domain.trees import change_days, divided_cities, problems_of_tree, tops_on
from portal.domain.units import Level, Placement, Succession, SuccessionKind


class ChangeKind(StrEnum):
    """What happens to a unit."""

    RENAME = "rename"  # 更名
    MOVE = "move"  # 改变隶属
    LEVEL = "level"  # 改变层级
    NEW = "new"  # 新设
    MERGE = "merge"  # 合并
    SPLIT = "split"  # 拆分
    DISSOLVE = "dissolve"  # 撤销


class ReorganisationState(StrEnum):
    """Where a reorganisation stands."""

    DRAFT = "draft"  # 草稿
    APPLIED = "applied"  # 已实施，尚可撤回
    PUBLISHED = "published"  # 已公布
    UNDONE = "undone"  # 已撤回


@dataclass(frozen=True)
class Change:
    """One line of a reorganisation.

    Attributes:
        code: of the unit as it is afterwards; of one dissolved, as it was.
        sources: codes of the units merged into it, or of the one that it is a part of. `code` itself among them says
            that the unit lives on, grown or shrunk. A split has a line for each part.
        parent_code, level, name, name_en: what they are from then on; None: as before, and for a new unit as those
            of its first source.
    """

    kind: ChangeKind
    code: str
    sources: tuple[str, ...] = ()
    parent_code: str | None = None
    level: Level | None = None
    name: str | None = None
    name_en: str | None = None


@dataclass(frozen=True)
class Problem:
    """Why a reorganisation cannot be; `line` counts its changes from 1, 0 for the whole."""

    line: int
    words: Text


@dataclass(frozen=True)
class Plan:
    """What a reorganisation makes of the tree.

    Attributes:
        before: every placement of the units that change, as it stands.
        after: the same as it would be, with those of new units.
        successions: which units follow which.
        problems: empty if it can be done.
    """

    before: tuple[Placement, ...]
    after: tuple[Placement, ...]
    successions: tuple[Succession, ...]
    problems: tuple[Problem, ...]

    @property
    def changed(self) -> frozenset[str]:
        """Codes of the units whose placements change."""
        return frozenset(each.code for each in self.after) | frozenset(each.code for each in self.before)

    def applied(self, everyone: Iterable[Placement]) -> list[Placement]:
        """All placements, with the changed ones in place of the old."""
        return [each for each in everyone if each.code not in self.changed] + list(self.after)


Names = Mapping[str, Text]
"""What units are called, by code, as far as it may be told."""


def plan(
    everyone: Sequence[Placement], known: Iterable[Succession], changes: Sequence[Change], day: date, names: Names
) -> Plan:
    """What the changes make of all placements from a day on; `known` are the successions so far."""
    return _Planning(everyone, known, day, names).run(changes)


def names_before(placements: Iterable[Placement], day: date) -> dict[str, Text]:
    """What units were called last before a day, else first after it."""
    names: dict[str, Text] = {}
    for each in sorted(placements, key=lambda placement: placement.valid_from):
        if each.valid_from < day or each.code not in names:
            names[each.code] = Text(each.name, each.name_en)
    return names


def listed(codes: Iterable[str], names: Names) -> Text:
    """Units as sentences name them: by code, and by name where there is one."""
    told = {code: names.get(code, Text("")) for code in codes}
    return Text(
        "、".join(f"{code} {name.zh}".rstrip() for code, name in told.items()),
        ", ".join(f"{code} {name.in_language('en')}".rstrip() for code, name in told.items()),
    )


_FIELDS = {
    "parent_code": Text("上级", "superior"),
    "level": Text("层级", "level"),
    "name": Text("名称", "name"),
}


class _Planning:
    """The units as they stand on the day, changed line by line."""

    def __init__(self, everyone: Sequence[Placement], known: Iterable[Succession], day: date, names: Names) -> None:
        self.everyone, self.day, self.names = everyone, day, names
        self.same_day = [each for each in known if each.effective_on == day]
        self.history: dict[str, list[Placement]] = defaultdict(list)
        for each in everyone:
            self.history[each.code].append(each)
        self.standing = {
            each.code: each
            for each in everyone
            if each.valid_from <= day and (each.valid_to is None or day < each.valid_to)
        }
        self.now = dict(self.standing)
        self.successions: list[Succession] = []
        self.problems: list[Problem] = []

    def run(self, changes: Sequence[Change]) -> Plan:
        for line, change in enumerate(changes, start=1):
            problem = self._change(change)
            if problem is not None:
                self.problems.append(Problem(line, problem))
        self._split_sources(changes)
        self._look_for_chains()
        self._look_later()
        made = self._plan()
        if not self.problems:
            self.problems += self._problems_of_trees(made)
        return replace(made, problems=tuple(self.problems))

    def _change(self, change: Change) -> Text | None:
        unknown = [code for code in change.sources if code not in self.now]
        if change.kind not in {ChangeKind.NEW, ChangeKind.MERGE, ChangeKind.SPLIT} and change.code not in self.now:
            unknown = [change.code]
        if unknown:
            told = self._listed(unknown)
            return Text(f"当日没有单位 {told.zh}", f"no unit {told.en} on that day")
        match change.kind:
            case ChangeKind.DISSOLVE:
                del self.now[change.code]
                return None
            case ChangeKind.MERGE:
                return self._merge(change)
            case ChangeKind.SPLIT:
                return self._part(change)
            case ChangeKind.NEW if change.code in self.now:
                told = self._listed([change.code])
                return Text(f"{told.zh} 已经存在", f"{told.en} exists already")
            case _:
                return self._place(change)

    def _place(self, change: Change) -> Text | None:
        """Give the unit what the line says; a new one starts from its first source."""
        model = self.now.get(change.code) or (self.now[change.sources[0]] if change.sources else None)
        is_new = change.code not in self.now
        needed: dict[ChangeKind, tuple[str, ...]] = {
            ChangeKind.RENAME: ("name",), ChangeKind.MOVE: ("parent_code",), ChangeKind.LEVEL: ("level",)
        }  # fmt: skip
        of_new = ("name",) if change.sources else ("parent_code", "level", "name")
        missing = [
            _FIELDS[name]
            for name in (of_new if is_new else needed.get(change.kind, ()))
            if getattr(change, name) is None
        ]
        if missing:
            zh, en = "、".join(each.zh for each in missing), ", ".join(each.en for each in missing)
            return Text(f"缺少{zh}", f"{en} missing")
        told = {name: getattr(change, name) for name in ("parent_code", "level", "name", "name_en")}
        told = {name: value for name, value in told.items() if value is not None}
        if model is None:
            model = Placement(change.code, "", "", "", Level.DISTRICT, self.day)
        elif is_new or "name" in told:
            model = replace(model, name_en="")
        self.now[change.code] = replace(model, code=change.code, **told)
        return None

    def _merge(self, change: Change) -> Text | None:
        gone = [code for code in change.sources if code != change.code]
        if not gone:
            return Text("合并须写明并入的单位", "a merger names the units merged")
        problem = self._place(change)
        if problem is not None:
            return problem
        for code in gone:
            self._follow(code, change.code, SuccessionKind.MERGE)
            del self.now[code]
        for code, each in list(self.now.items()):
            if each.parent_code in gone:
                self.now[code] = replace(each, parent_code=change.code)
        return None

    def _part(self, change: Change) -> Text | None:
        if len(change.sources) != 1:
            return Text("拆分须写明一个原单位", "a split names the one unit that is split")
        problem = self._place(change)
        if problem is None:
            self._follow(change.sources[0], change.code, SuccessionKind.SPLIT)
        return problem

    def _split_sources(self, changes: Sequence[Change]) -> None:
        """A split unit is gone, unless it is one of its parts; there are at least two."""
        parts: dict[str, set[str]] = defaultdict(set)
        first: dict[str, int] = {}
        for line, change in enumerate(changes, start=1):
            if change.kind is ChangeKind.SPLIT and len(change.sources) == 1:
                parts[change.sources[0]].add(change.code)
                first.setdefault(change.sources[0], line)
        for source, codes in parts.items():
            if len(codes) == 1:
                self.problems.append(
                    Problem(
                        first[source],
                        Text("拆分至少有两个部分，每个一行", "a split has two parts or more, a line each"),
                    )
                )
            if source not in codes:
                self.now.pop(source, None)

    def _follow(self, old: str, new: str, kind: SuccessionKind) -> None:
        self.successions.append(Succession(old, new, self.day, kind))

    def _look_for_chains(self) -> None:
        """Refuse that a unit receives and is divided or merged on one day: nobody could tell in which order."""
        receives, gives = defaultdict(set), defaultdict(set)
        for each in [*self.same_day, *self.successions]:
            group = (each.kind, each.new_code if each.kind is SuccessionKind.MERGE else each.old_code)
            receives[each.new_code].add(group)
            gives[each.old_code].add(group)
        for code in sorted(receives.keys() & gives.keys()):
            if len(receives[code] | gives[code]) > 1:
                told = self._listed([code])
                zh = f"{told.zh} 当日既接收又并出或拆分，请分两次、日期不同"
                self.problems.append(Problem(0, Text(zh, f"{told.en} would give and receive on one day")))

    def _look_later(self) -> None:
        """Refuse what would undo a change that is known to come later."""
        for code in sorted(self._touched()):
            later = [each for each in self.history[code] if each.valid_from > self.day]
            ends = self.standing[code].valid_to if code in self.standing else None
            if later or ends is not None:
                day = min([each.valid_from for each in later] + ([ends] if ends else []))
                told = self._listed([code])
                zh = f"{told.zh} 在 {day} 另有变动，请选那以后的日期"
                self.problems.append(Problem(0, Text(zh, f"{told.en} changes again on {day}")))

    def _touched(self) -> set[str]:
        codes = self.standing.keys() | self.now.keys()
        return {code for code in codes if self.standing.get(code) != self.now.get(code)}

    def _plan(self) -> Plan:
        before: list[Placement] = []
        after: list[Placement] = []
        for code in sorted(self._touched()):
            before += self.history[code]
            after += [each for each in self.history[code] if each != self.standing.get(code)]
            stood, stands = self.standing.get(code), self.now.get(code)
            if stood is not None and stood.valid_from < self.day:
                after.append(replace(stood, valid_to=self.day))
            if stands is not None:
                after.append(replace(stands, valid_from=self.day, valid_to=None))
        return Plan(tuple(before), tuple(after), tuple(self.successions), ())

    def _problems_of_trees(self, made: Plan) -> list[Problem]:
        if not made.changed:
            return [Problem(0, Text("什么都没有改变", "nothing changes"))]
        everyone = made.applied(self.everyone)
        days = [each for each in change_days(everyone) if each >= self.day]
        adrift = sorted({code for each in days for code in problems_of_tree(everyone, each)})
        if adrift:
            told = self._listed(adrift)
            return [Problem(0, Text(f"没有上级，或上级在自己之下：{told.zh}", f"without a superior: {told.en}"))]
        divided = sorted({code for each in days for code in divided_cities(everyone, each)})
        if divided:
            told = self._listed(divided)
            zh = f"不设区的市不能有区县，请同时把层级改为地市级：{told.zh}"
            return [Problem(0, Text(zh, f"a city without districts has districts, make it a city: {told.en}"))]
        old, new = tops_on(self.everyone, self.day), tops_on(everyone, self.day)
        crossing = sorted(code for code in made.changed if code in old and new.get(code, old[code]) != old[code])
        crossing += sorted(
            each.new_code for each in made.successions if new.get(each.new_code, "") != old.get(each.old_code, "")
        )
        crossing += sorted(code for code in made.changed - old.keys() if new.get(code) == code)
        if crossing:
            told = self._listed(crossing)
            return [Problem(0, Text(f"不能改变所属的最上级单位：{told.zh}", f"the top unit cannot change: {told.en}"))]
        return []

    def _listed(self, codes: Iterable[str]) -> Text:
        """Units by their names so far; new ones by those that they get."""
        new = self.now.keys() - {each.code for each in self.everyone}
        return listed(
            codes, {**self.names, **{code: Text(self.now[code].name, self.now[code].name_en) for code in new}}
        )
