"""Passwords, sessions and failures to sign in: open to the portal finding out who somebody is, and to nobody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import text

from portal.db import identity_transaction, transaction
from portal.domain.policy import Role
from portal.domain.sign_in import ACCOUNT, SessionKind
from portal.errors import NotPermitted
from portal.services import sign_in_throttle, web_sessions
from portal.services.passwords import set_first_password
from tests.world import World

TABLES = ("account", "web_session", "sign_in_throttle")


@pytest.fixture
def user_id(world: World) -> int:
    with identity_transaction() as session:
        user = User(username="anna", first_name="某", last_name="张", email="anna@example.invalid", active=True)
        session.add(user)
        session.flush()
        set_first_password(session, user.id)
        web_sessions.begin(
            session, user.id, SessionKind.BROWSER, "password", timedelta(hours=1), address="", user_agent=""
        )
        sign_in_throttle.reserve(session, ACCOUNT, str(user.id))
        return int(user.id)


@pytest.mark.parametrize("table", TABLES)
def test_not_even_a_system_administrator_sees_or_writes_a_row(world: World, user_id: int, table: str) -> None:
    with identity_transaction() as session:
        assert session.scalar(text(f"select count(*) from {table}")) == 1
    administrator = replace(world.actor("p1"), roles=frozenset({Role.SYSTEM_ADMIN}))
    for actor in (None, world.actor("p1"), administrator):
        with transaction(actor) as session:
            assert session.scalar(text(f"select count(*) from {table}")) == 0
            assert session.execute(text(f"delete from {table}")).rowcount == 0  # type: ignore[attr-defined]  # of a deletion there is one


def test_nobody_makes_a_session_of_somebody_else(world: World, user_id: int) -> None:
    with pytest.raises(NotPermitted), transaction(world.actor("p1")) as session:
        web_sessions.begin(
            session, user_id, SessionKind.BROWSER, "password", timedelta(hours=1), address="", user_agent=""
        )
