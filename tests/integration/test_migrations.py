"""Every step of the schema can be taken back and taken again, with rows in the tables."""

from datetime import date
from decimal import Decimal

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool, select, text

from portal import clock, db, schema
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value
from portal.models import ExpectedAnswers, Submission
from portal.queries.findings import explanation_file
from portal.queries.reorganisations import changes_of, list_reorganisations
from portal.queries.rollups.verification import verify
from portal.queries.rulings import list_waivers
from portal.queries.units import get_unit, list_units
from portal.services import explanations, reorganisations, rollup_entries, rules
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


def test_cities_without_districts_are_cities_before_there_was_their_level(
    test_server: TestServer, template_database: str
) -> None:
    with test_server.database("huizong_migrations", template_database) as target:
        engine = db.connect(target.app_url)
        world = build_world()
        admin = world.actor("p1")
        change = Change(ChangeKind.LEVEL, "c13", level=Level.UNDIVIDED_CITY)
        with db.transaction(admin) as session:
            row = reorganisations.begin(session, admin, date(2022, 7, 1), "民函〔2022〕9号（试验）", [change])
            reorganisations.apply(session, admin, row.number, row.row_version)
        world.accept("c13")
        engine.dispose()
        owner = create_engine(target.owner_url, poolclass=pool.NullPool)
        with owner.connect() as connection:
            config = schema.alembic_config(connection)
            command.downgrade(config, "0040")
            command.upgrade(config, "head")
        engine = db.connect(target.app_url)
        with db.transaction(admin) as session:
            assert {unit.level for unit in list_units(session, under="c13")} == {Level.CITY}
            assert get_unit(session, "c13", period=PERIOD).level is Level.CITY
            assert set(session.scalars(select(Submission.level))) == {Level.PROVINCE, Level.CITY, Level.DISTRICT}
            expected = select(ExpectedAnswers.level, ExpectedAnswers.answers).where(
                ExpectedAnswers.unit_id == admin.place.id
            )
            assert dict(session.execute(expected).all()) == {Level.PROVINCE: 1, Level.CITY: 3, Level.DISTRICT: 3}
            [told] = list_reorganisations(session, admin)
            assert changes_of(told) == [Change(ChangeKind.LEVEL, "c13", level=Level.CITY)]
        engine.dispose()


def test_a_figure_without_a_weight_was_in_the_mean_s_coverage_before(
    test_server: TestServer, template_database: str
) -> None:
    with test_server.database("huizong_migrations", template_database) as target:
        engine = db.connect(target.app_url)
        world = build_world()
        world.accept("d111")
        world.accept("d112", T201=NOT_APPLICABLE)
        engine.dispose()
        owner = create_engine(target.owner_url, poolclass=pool.NullPool)
        counts = text("select reported, not_applicable, minimum from rollup where indicator = 'T202'")
        with owner.connect() as connection:
            config = schema.alembic_config(connection)
            command.downgrade(config, "0044")
            assert connection.execute(counts).all() == [(2, 0, Decimal("650.5"))]
            connection.commit()
            command.upgrade(config, "head")
            assert connection.execute(counts).all() == [(1, 1, Decimal("650.5"))]
        engine = db.connect(target.app_url)
        actor = world.actor("p1")
        with db.transaction(actor) as session:
            assert verify(session, actor.place.root_id)[1] == []
        engine.dispose()


def test_a_schema_can_be_taken_down_to_nothing(test_server: TestServer, template_database: str) -> None:
    with test_server.database("huizong_migrations", template_database) as target:
        owner = create_engine(target.owner_url, poolclass=pool.NullPool)
        with owner.connect() as connection:
            config = schema.alembic_config(connection)
            command.downgrade(config, "base")
            command.upgrade(config, "head")
        schema.check(target.owner_url)
