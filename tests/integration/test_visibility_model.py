"""Any tree, any states, any viewer: the rows that PostgreSQL gives are those of a model of the rules in twenty lines."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from portal.db import transaction
from portal.domain.collections import CollectionSettings
from portal.domain.lifecycle import Action
from portal.domain.policy import Actor, Role
from portal.domain.units import Level, Placement
from portal.queries.people import portal_actor
from portal.services import collections, moves, units, values
from tests.world import INSIDERS, PERIOD, World, good_answers

COURSES = {
    # what is done with a submission: its versions, and whether it counts
    (): ([], False),
    ("fill",): (["draft"], False),
    ("fill", "submit"): (["submitted"], False),
    ("fill", "submit", "withdraw"): (["submitted", "draft"], False),
    ("fill", "submit", "send_back"): (["submitted", "draft"], False),
    ("fill", "submit", "accept"): (["accepted"], True),
    ("fill", "submit", "send_back", "submit", "accept"): (["submitted", "accepted"], True),
    ("fill", "submit", "accept", "reopen"): (["accepted", "draft"], False),
}
LEVELS = (Level.PROVINCE, Level.CITY, Level.DISTRICT)
_examples = count()


@dataclass(frozen=True)
class Viewer:
    """Somebody who looks; `form` is a partner's only one, empty for people of the unit."""

    path: str
    form: str


def depth(path: str) -> int:
    return path.count(".")


def below(viewer: Viewer, path: str) -> bool:
    return (path + ".").startswith(viewer.path + ".")


def sees_submission(viewer: Viewer, path: str, counts: bool) -> bool:
    return below(viewer, path) and (not viewer.form or (viewer.form == "T" and counts))


def sees_observation(viewer: Viewer, path: str, counts: bool) -> bool:
    return below(viewer, path) and counts and viewer.form in {"", "T"}


def sees_value(viewer: Viewer, path: str, version: str, skip_level: bool) -> bool:
    if not below(viewer, path):
        return False
    if viewer.form:
        return viewer.form == "T" and version == "accepted"
    levels_up = depth(path) - depth(viewer.path)
    reach = {"draft": 0, "submitted": 9 if skip_level else 1, "accepted": 9}
    return levels_up <= reach[version]


@st.composite
def trees(draw: st.DrawFn) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Two trees: each unit with its superior and what becomes of its submission; superiors first."""
    beginning = f"x{next(_examples)}n"
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    depths = {}
    for number in range(draw(st.integers(3, 8))):
        code = f"{beginning}{number}"
        superiors = [unit for unit, at in depths.items() if at < len(LEVELS) - 1]
        parent = "" if number < 2 else draw(st.sampled_from(superiors))
        depths[code] = depths[parent] + 1 if parent else 0
        found[code] = (parent, draw(st.sampled_from(sorted(COURSES))))
    return found


def paths_of(tree: dict[str, tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    paths: dict[str, str] = {}
    for code, (parent, _course) in tree.items():
        paths[code] = f"{paths[parent]}.{code}" if parent else code
    return paths


def make(world: World, tree: dict[str, tuple[str, tuple[str, ...]]], paths: dict[str, str], skip_level: bool) -> None:
    placements = [
        Placement(code, parent, code, code, LEVELS[depth(paths[code])], date(2000, 1, 1))
        for code, (parent, _course) in tree.items()
    ]
    with transaction(None) as session:
        units.import_units(session, placements, [])
    for root in (code for code, (parent, _course) in tree.items() if not parent):
        with transaction(None) as session:
            sender = portal_actor(session, root)
        with transaction(sender) as session:
            collections.send_down(
                session, sender, world.form, PERIOD, opens_on=date(2024, 1, 1), due_on=date(2024, 1, 31),
                settings=CollectionSettings(skip_level=skip_level),
            )  # fmt: skip
    for code, (parent, course) in tree.items():
        for step in course:
            take(world, code, step, parent or code)


def take(world: World, code: str, step: str, superior: str) -> None:
    actor = world.actor(superior if step in {"accept", "send_back", "reopen"} else code)
    with transaction(actor) as session:
        if step == "fill":
            asked = {each.code for each in world.form.typed_at(actor.place.level)}
            answers = {indicator: value for indicator, value in good_answers().items() if indicator in asked}
            values.save_values(session, actor, world.key(code), answers)
        else:
            moves.take(session, actor, world.key(code), Action(step), reason="请核对")


def seen(actor: Actor, paths: dict[str, str]) -> tuple[set, set, set]:
    """What PostgreSQL gives of these units: submissions, observed units, values' units and versions."""
    mine = {path: code for code, path in paths.items()}
    with transaction(actor) as session:
        submissions = set(session.scalars(text("select unit_path::text from submission")))
        observed = set(session.scalars(text("select unit_path::text from observation")))
        figures = {tuple(row) for row in session.execute(text("select unit_path::text, version_number from value"))}
    return submissions & mine.keys(), observed & mine.keys(), {row for row in figures if row[0] in mine}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=trees(), skip_level=st.booleans())
def test_the_rows_seen_are_those_of_the_rules(world: World, tree, skip_level: bool) -> None:
    paths = paths_of(tree)
    make(world, tree, paths, skip_level)
    for code in tree:
        person = world.actor(code)
        for roles, form in ((INSIDERS, ""), ((Role.AUDITOR,), ""), ((Role.PARTNER,), "T"), ((Role.PARTNER,), "X")):
            viewer = Viewer(paths[code], form)
            actor = replace(person, roles=frozenset(roles), forms=frozenset({form}) if form else None)
            courses = {paths[unit]: COURSES[course] for unit, (_parent, course) in tree.items()}
            assert seen(actor, paths) == (
                {path for path, (_versions, counts) in courses.items() if sees_submission(viewer, path, counts)},
                {path for path, (_versions, counts) in courses.items() if sees_observation(viewer, path, counts)},
                {
                    (path, number)
                    for path, (versions, _counts) in courses.items()
                    for number, version in enumerate(versions, 1)
                    if sees_value(viewer, path, version, skip_level)
                },
            )
