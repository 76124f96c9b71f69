"""Made-up people: the same name for the same place and role, always."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from portal.demo.chance import chance
from portal.domain.policy import Role


@dataclass(frozen=True)
class Person:
    """Somebody who holds a role in a unit."""

    family: str
    given: str

    def __str__(self) -> str:
        return self.family + self.given


def username(unit_code: str, role: Role) -> str:
    """What the person signs in as."""
    return "admin" if role is Role.SYSTEM_ADMIN else f"{unit_code}_{role}"


@lru_cache(maxsize=4096)
def person(unit_code: str, role: Role) -> Person:
    """Who holds the role in the unit."""
    family, given = _names()
    throw = chance(unit_code, role)
    return Person(throw.choice(family), throw.choice(given))


@lru_cache(maxsize=1)
def _names() -> tuple[list[str], list[str]]:
    content = yaml.safe_load(files("portal.demo").joinpath("people.yaml").read_text(encoding="utf-8"))
    return content["family"], content["given"]
