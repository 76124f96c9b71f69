"""What units of the small world add to its form."""

from portal.db import transaction
from portal.domain.addition_file import read_addition
from portal.domain.additions import Addition
from portal.domain.collections import CollectionKey
from portal.domain.policy import Role
from portal.queries.forms import find_form
from portal.services import additions
from tests.world import PERIOD, World

KEY = CollectionKey("T", PERIOD)


def addition_text(unit: str, number: int = 1) -> str:
    """One indicator under the core's first sheet and one on a sheet of its own, as a file."""
    prefix = f"U{unit.upper()}_T_"
    return f"""\
form: T
version: 1
unit: {unit}
number: {number}
name: {unit} 补充
sheets:
  - code: T1
    indicators:
      - {{code: {prefix}01, name: 夜间检查次数, unit: 次, type: count, roll_up: sum, min: 0}}
  - code: {prefix}S1
    name: 补充表
    indicators:
      - {{code: {prefix}02, name: 志愿者人数, unit: 人, type: count, roll_up: sum, min: 0, filled_by: [district]}}
rules:
  - {{id: {prefix}01-E1, severity: explain, indicator: {prefix}01, expression: {prefix}01 <= T101}}
"""


def addition(unit: str, number: int = 1) -> Addition:
    """The same, read."""
    with transaction(None) as session:
        return read_addition(addition_text(unit, number), lambda code, version: find_form(session, code, version))


def publish(world: World, unit: str, number: int = 1) -> None:
    """Publish it."""
    actor, added = world.actor(unit, Role.UNIT_ADMIN), addition(unit, number)
    with transaction(actor) as session:
        additions.publish(session, actor, added)


def join(world: World, unit: str, number: int = 1) -> None:
    """Let it join what is under way."""
    actor = world.actor(unit, Role.UNIT_ADMIN)
    with transaction(actor) as session:
        additions.join(session, actor, KEY, number)
