"""Every step of the schema can be taken back and taken again, with rows in the tables."""

from decimal import Decimal

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool, text

from portal import clock, db, schema
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.values import Value
from portal.queries.findings import explanation_file
from portal.queries.rulings import list_waivers
from portal.services import explanations, rollup_entries, rules
from tests import additions
from tests.databases import TestServer
from tests.world import PERIOD, build_world

pytestmark = pytest.mark.not_on_citus(
    "before 0032 a foreign key led from rows of units to accounts: Citus refuses that"
)


def test_each_migration_goes_down_and_up_again(test_server: TestServer, template_database: str) -> None:
    with test_server.database("huizong_migrations", template_database) as target:
        engine = db.connect(target.app_url)
        world = build_world()
        world.accept("d111")
        world.submit("d112")
        world.fill("d121")
        additions.publish(world, "c11")
        additions.join(world, "c11")
        actor = world.actor("c11")
        with db.transaction(actor) as session:
            entry = Entry(EntryKind.ADJUSTMENT, Decimal(1))
            rollup_entries.enter(
                session, actor, unit="c11", period=PERIOD, indicator="T203", entry=entry, reason="补报", seen=0
            )
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


def test_files_of_explanations_and_periods_of_waivers_go_down_and_up(
    test_server: TestServer, template_database: str
) -> None:
    finding, name, content = ("rule_broken", "T107-E1", "T107"), "清单.pdf", b"%PDF-1.7"
    with test_server.database("huizong_migrations", template_database) as target:
        engine = db.connect(target.app_url)
        world = build_world()
        world.fill("d111", T107=Value.of(0))
        actor, key = world.actor("d111"), world.key("d111")
        with db.transaction(actor) as session:
            explanations.explain(session, actor, key, finding, "other", "本年机构调整，职责已移交")
            explanations.attach(session, actor, key, finding, name, content, limit=1000)
        superior = world.actor("c11")
        with db.transaction(superior) as session:
            rules.waive_rule(session, superior, key, "T101-B1", "新设单位", clock.today())
        owner = create_engine(target.owner_url, poolclass=pool.NullPool)
        with owner.connect() as connection:
            config = schema.alembic_config(connection)
            command.downgrade(config, "0016")
            command.upgrade(config, "head")
        with db.transaction(actor) as session:
            assert explanation_file(session, actor, key, finding) == (name, content)
            assert [row.from_period for row in list_waivers(session, actor)] == ["2023"]
        engine.dispose()


def test_a_schema_can_be_taken_down_to_nothing(test_server: TestServer, template_database: str) -> None:
    with test_server.database("huizong_migrations", template_database) as target:
        owner = create_engine(target.owner_url, poolclass=pool.NullPool)
        with owner.connect() as connection:
            config = schema.alembic_config(connection)
            command.downgrade(config, "base")
            command.upgrade(config, "head")
        schema.check(target.owner_url)
