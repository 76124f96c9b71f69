"""Every name in the constraint table is a constraint that exists, and means what it says."""

from sqlalchemy import text

from portal.db import CONSTRAINT_ERRORS, transaction


def test_named_constraints_exist(database: None) -> None:
    with transaction(None) as session:
        existing = set(session.scalars(text("select conname from pg_constraint")))
    assert set(CONSTRAINT_ERRORS) - existing == set()


def test_every_tenant_key_begins_with_the_top_unit(database: None) -> None:
    with transaction(None) as session:
        rows = session.execute(
            text("""
            select c.conrelid::regclass::text, a.attname from pg_constraint c
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
            where c.contype in ('p', 'u') and c.conrelid <> 'membership'::regclass and c.conrelid in
                (select attrelid from pg_attribute where attname in ('unit_path', 'sender_path'))
            """)
        ).all()
    assert {column for _table, column in rows} == {"root_id"}
