"""The form, the profile and the units that figures are made up for."""

from importlib.resources import files

import pytest

from portal.demo.profile import Profile, read_profile
from portal.demo.seeds import Seeds, read_seeds
from portal.demo.ways import DemoUnit
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.unit_file import read_units


@pytest.fixture(scope="session")
def form() -> FormVersion:
    return read_form(files("portal").joinpath("reference", "forms", "FZ.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def profile() -> Profile:
    return read_profile()


@pytest.fixture(scope="session")
def seeds() -> Seeds:
    return read_seeds()


@pytest.fixture(scope="session")
def units(profile: Profile) -> dict[str, DemoUnit]:
    """Every unit there is today, by code."""
    placements, _ = read_units(files("portal").joinpath("reference", "units.csv").read_text(encoding="utf-8"))
    living = [placement for placement in placements if placement.valid_to is None]
    return {each.code: profile.unit(each.code, each.parent_code, each.level) for each in living}
