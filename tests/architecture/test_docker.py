"""What the container files say about the project is true of the project."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def citus() -> dict[str, Any]:
    """What stands in for the one PostgreSQL, over `compose.yaml`."""
    return yaml.safe_load((DOCKER / "compose.citus.yaml").read_text(encoding="utf-8"))


def copied_into_the_image() -> set[str]:
    lines = (DOCKER / "Dockerfile").read_text(encoding="utf-8").splitlines()
    sources = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    return {name for names in sources for name in names}


def test_the_image_holds_every_package_and_nothing_that_is_not_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= copied_into_the_image()
    assert [name for name in copied_into_the_image() if not (ROOT / name).exists()] == []


def test_the_build_context_lets_in_what_the_image_copies() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert allowed == copied_into_the_image()


def test_every_variable_is_one_that_the_configuration_reads() -> None:
    known = set(re.findall(r'"(HUIZONG_[A-Z_]+)"', (ROOT / "portal/config.py").read_text(encoding="utf-8")))
    given = set(re.findall(r"(HUIZONG_[A-Z_]+)=", (DOCKER / "Dockerfile").read_text(encoding="utf-8")))
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for name in ("web", "worker"):
        given |= set(services[name]["environment"])
    assert given <= known


def test_every_setting_of_compose_stands_in_the_example(compose: dict[str, Any]) -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", str(compose["services"])))
    example = set(re.findall(r"^([A-Z_]+)=", (DOCKER / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert used == example


def test_only_the_web_gets_the_owners_password(compose: dict[str, Any]) -> None:
    holders = {name for name, service in compose["services"].items() if "OWNER_PASSWORD" in str(service["environment"])}
    assert holders == {"web", "postgres"}


def test_only_the_proxy_can_be_reached_from_outside(compose: dict[str, Any]) -> None:
    assert {name for name, service in compose["services"].items() if "ports" in service} == {"proxy"}
    assert compose["networks"]["inner"]["internal"] is True


def test_every_mounted_file_exists(compose: dict[str, Any]) -> None:
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", [])]
    files = {mount.split(":")[0] for mount in mounts if mount.startswith("./")} - {"./certificates", "./sign-in"}
    assert files
    assert all((DOCKER / name).is_file() for name in files)


def test_the_example_of_signing_in_names_every_setting_there_is_and_no_other() -> None:
    known = set(re.findall(r'"(HUIZONG_[A-Z_]+)"', (ROOT / "portal/sign_in_settings.py").read_text(encoding="utf-8")))
    example = (DOCKER / "sign-in.env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#?(HUIZONG_[A-Z_]+)=", example, re.MULTILINE))
    assert named == known - {"HUIZONG_LDAP_START_TLS"}  # to be switched off where nobody listens in, if at all


def test_citus_is_a_coordinator_in_the_place_of_postgres_and_the_workers_that_it_names(
    compose: dict[str, Any], citus: dict[str, Any]
) -> None:
    coordinator = citus["services"]["postgres"]
    workers = set(citus["services"]) - {"postgres"}
    assert set(coordinator["environment"]["CITUS_WORKERS"].split()) == workers == set(coordinator["depends_on"])
    assert workers & set(compose["services"]) == set()
    assert len({service["image"] for service in citus["services"].values()}) == 1
    assert re.fullmatch(r"citusdata/citus:\d+\.\d+\.\d+", coordinator["image"])


def test_every_node_of_citus_keeps_its_figures_and_its_passwords_in_a_volume(
    compose: dict[str, Any], citus: dict[str, Any]
) -> None:
    declared = set(compose["volumes"]) | set(citus["volumes"])
    kept = []
    for name, service in citus["services"].items():
        mounts = [*compose["services"].get(name, {}).get("volumes", []), *service["volumes"]]
        kept += [mount.split(":")[0] for mount in mounts if mount.endswith(":/var/lib/postgresql")]
        assert service["environment"]["PGDATA"].startswith("/var/lib/postgresql/")
        assert service["environment"]["PGPASSFILE"].startswith(service["environment"]["PGDATA"])
        assert "./citus.sh:/docker-entrypoint-initdb.d/citus.sh:ro" in service["volumes"]
    assert len(set(kept)) == len(citus["services"])
    assert set(kept) <= declared


def test_the_nodes_of_citus_are_set_up_as_the_one_postgres_is(compose: dict[str, Any], citus: dict[str, Any]) -> None:
    one = compose["services"]["postgres"]["environment"]
    for service in citus["services"].values():
        assert {name: service["environment"][name] for name in one} == one


def test_only_the_coordinator_reaches_the_workers(compose: dict[str, Any], citus: dict[str, Any]) -> None:
    assert {name for name, service in citus["services"].items() if "ports" in service} == set()
    assert {tuple(service["networks"]) for name, service in citus["services"].items() if name != "postgres"} == {
        ("cluster",)
    }
    assert citus["networks"]["cluster"]["internal"] is True
    assert "cluster" not in str([service.get("networks") for service in compose["services"].values()])
