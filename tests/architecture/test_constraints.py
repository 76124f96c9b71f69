"""Every name in the constraint table is a constraint that exists, and means what it says."""

from sqlalchemy import text

from portal.db import CONSTRAINT_ERRORS, transaction


def test_named_constraints_exist(database: None) -> None:
    with transaction(None) as session:
        existing = set(session.scalars(text("select conname from pg_constraint")))
    assert set(CONSTRAINT_ERRORS) - existing == set()
