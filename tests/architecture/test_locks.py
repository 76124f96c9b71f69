"""The lock files hold what pyproject.toml asks for, with hashes, and nothing of the machine they were written on."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUNTIME = "requirements.lock"
TESTS = "requirements-test.lock"
LDAP = "requirements-ldap.lock"
EXTRAS = {RUNTIME: (), TESTS: ("test",), LDAP: ("ldap",)}
TOOLS = ("requirements-scan.lock", "requirements-bench.lock")


def entries(name: str) -> list[tuple[Requirement, int]]:
    """The locked requirements of a file, with the number of their hashes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    return [(Requirement(line.split(" --hash")[0]), line.count("--hash=sha256:")) for line in lines]


def here(name: str) -> dict[str, str]:
    """Project name to version, for this machine's kind."""
    pins = [pin for pin, _ in entries(name) if pin.marker is None or pin.marker.evaluate(dict(default_environment()))]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}


def asked_for(name: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["build-system"]["requires"] + project["project"]["dependencies"]
    for extra in EXTRAS[name]:
        asked += project["project"]["optional-dependencies"][extra]
    return [Requirement(text) for text in asked]


@pytest.mark.parametrize("name", EXTRAS)
def test_every_requirement_is_locked_in_an_allowed_version(name: str) -> None:
    locked = here(name)
    wrong = [
        str(asked)
        for asked in asked_for(name)
        if not (version := locked.get(canonicalize_name(asked.name))) or version not in asked.specifier
    ]
    assert wrong == [], "run script/lock"


@pytest.mark.parametrize("name", [*EXTRAS, *TOOLS])
def test_every_entry_has_one_version_and_hashes(name: str) -> None:
    assert [str(pin) for pin, hashes in entries(name) if hashes == 0 or not str(pin.specifier).startswith("==")] == []


@pytest.mark.parametrize("name", [*EXTRAS, *TOOLS])
def test_nothing_tells_where_it_was_written(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"://|--[a-z-]*(?:index|links|url)|@ ", text) == []
    assert all(line.startswith(("#", "    --hash=")) or re.match(r"[a-z0-9]", line) for line in text.splitlines())


@pytest.mark.parametrize("other", [TESTS, LDAP])
def test_everybody_runs_on_the_versions_that_the_portal_runs_on(other: str) -> None:
    locked = here(other)
    assert {name: locked.get(name) for name in here(RUNTIME)} == here(RUNTIME)


@pytest.mark.parametrize("name", TOOLS)
def test_the_tools_are_those_asked_for(name: str) -> None:
    lines = (ROOT / name).with_suffix(".in").read_text(encoding="utf-8").splitlines()
    asked = [Requirement(line) for line in lines if line[0] != "#"]
    assert [str(pin) for pin in asked if here(name).get(canonicalize_name(pin.name)) not in pin.specifier] == []
