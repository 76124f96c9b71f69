"""Every step of the schema can be taken back and taken again, with rows in the tables."""

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool, text

from portal import db, schema
from tests.conftest import TestServer
from tests.world import build_world


def test_each_migration_goes_down_and_up_again(test_server: TestServer, template_database: str) -> None:
    with test_server.database("huizong_migrations", template_database) as target:
        engine = db.connect(target.app_url)
        world = build_world()
        world.accept("d111")
        world.submit("d112")
        world.fill("d121")
        engine.dispose()
        owner = create_engine(target.owner_url, poolclass=pool.NullPool)
        with owner.connect() as connection:
            config = schema.alembic_config(connection)
            steps = [revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()]
            for step in steps[: steps.index("0005")]:
                command.downgrade(config, f"{step}-1")
                command.upgrade(config, "head")
                command.downgrade(config, f"{step}-1")
            command.upgrade(config, "head")
            assert connection.scalar(text("select count(*) from submission where state = 'accepted'")) == 1
        schema.check(target.owner_url)


def test_a_schema_can_be_taken_down_to_nothing(test_server: TestServer, template_database: str) -> None:
    with test_server.database("huizong_migrations", template_database) as target:
        owner = create_engine(target.owner_url, poolclass=pool.NullPool)
        with owner.connect() as connection:
            config = schema.alembic_config(connection)
            command.downgrade(config, "base")
            command.upgrade(config, "head")
        schema.check(target.owner_url)
