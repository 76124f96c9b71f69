"""The application on a world full of markers, and people of every kind who ask."""

from collections.abc import Iterator

import pytest

from portal import db
from portal.app import create_app
from portal.config import Config
from portal.web.pages import printing
from portal.web.permissions import sync_permissions
from tests.databases import TestServer
from tests.web.access.planting import PERIODS, Planted, plant
from tests.web.conftest import Site
from tests.world import World, build_world


@pytest.fixture(scope="session")
def planted_world(
    test_server: TestServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, World, Planted]]:
    """A database full of markers to copy, its world, and what was planted."""
    with test_server.database("huizong_planted", template_database) as target:
        engine = db.connect(target.app_url)
        app = create_app(Config.load(tmp_path_factory.mktemp("planted"), {}))
        sync_permissions(app)
        world = build_world(PERIODS)
        planted = plant(Site(app, world))
        engine.dispose()
        yield target.name, world, planted


@pytest.fixture(scope="module", autouse=True)
def quick_pdf() -> Iterator[None]:
    """A PDF takes seconds to make, and who may have it is asked before: here it is the page it is made of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(printing, "pdf_of", str.encode)
        yield


@pytest.fixture(scope="module")
def planted(planted_world: tuple[str, World, Planted]) -> Planted:
    """The markers."""
    return planted_world[2]


@pytest.fixture(scope="module")
def site(
    test_server: TestServer, planted_world: tuple[str, World, Planted], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The application on a copy of that world, which the tests of a module share."""
    template, world, _planted = planted_world
    with test_server.database("huizong_access", template) as target:
        engine = db.connect(target.app_url)
        yield Site(create_app(Config.load(tmp_path_factory.mktemp("access"), {})), world)
        engine.dispose()
