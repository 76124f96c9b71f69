"""The rules by which the rows of one top unit can stand on one node of a Citus cluster, and be worked on there."""

import re
from pathlib import Path

from flask_appbuilder import Model
from sqlalchemy import Table, UniqueConstraint, text

from portal import distribution
from portal.db import Base, transaction

TENANT, SHARED = distribution.kinds()
EVERYTHING = Base.metadata.sorted_tables

# These name people, and stand where the accounts are. The first takes no part in what is computed of units.
OF_PEOPLE = {"membership"}

# It asks about memberships alone.
ABOUT_PEOPLE = {"all_within_scope"}

TOP = "root_id"


def keys_of(table: Table) -> dict[str, list[str]]:
    """What must be unique in the table: columns by name."""
    constraints = [table.primary_key, *(each for each in table.constraints if isinstance(each, UniqueConstraint))]
    return {str(each.name): [column.name for column in each.columns] for each in constraints} | {
        str(each.name): [column.name for column in each.columns] for each in table.indexes if each.unique
    }


def test_what_has_rows_of_units_is_a_tenant_table() -> None:
    naming = {table.name for table in EVERYTHING if {"unit_path", "sender_path", TOP} & set(table.columns.keys())}
    assert naming - {table.name for table in TENANT} == OF_PEOPLE | {"unit"}


def test_what_tenant_tables_share_names_no_person() -> None:
    assert {table.name for table in SHARED} == {
        "unit", "placement", "succession", "tree", "node", "period", "form", "form_version"
    }  # fmt: skip


def test_every_key_leads_with_the_top_unit() -> None:
    assert [
        f"{table.name}: {name}" for table in TENANT for name, columns in keys_of(table).items() if columns[0] != TOP
    ] == []


def test_tenant_tables_refer_to_each_other_within_the_top_unit() -> None:
    wrong = [
        str(key.name)
        for table in TENANT
        for key in table.foreign_key_constraints
        if key.referred_table in TENANT and (key.column_keys[0], key.elements[0].column.name) != (TOP, TOP)
    ]
    assert wrong == []


def test_tenant_tables_refer_to_nothing_else_but_what_is_shared() -> None:
    accounts = set(Model.metadata.sorted_tables)
    referred = {key.referred_table for table in TENANT for key in table.foreign_key_constraints}
    assert referred & accounts == set()
    assert referred <= {*TENANT, *SHARED}
    assert [key.name for table in SHARED for key in table.foreign_key_constraints if key.referred_table in TENANT] == []


def test_nothing_is_emptied_by_a_foreign_key() -> None:
    actions = {
        action
        for table in EVERYTHING
        for key in table.foreign_key_constraints
        for action in (key.ondelete, key.onupdate)
        if action is not None
    }
    assert actions <= {"CASCADE"}


def test_no_table_has_a_trigger_of_ours(database: None) -> None:
    query = text("""
        select tgrelid::regclass::text from pg_trigger
        where not tgisinternal and tgrelid::regclass::text not like 'procrastinate%'
    """)
    with transaction(None) as session:
        assert session.scalars(query).all() == []


def test_no_policy_of_a_tenant_table_holds_a_subquery(database: None) -> None:
    query = text("""
        select polrelid::regclass::text from pg_policy
        where concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ~* '\\mselect\\M'
    """)
    with transaction(None) as session:
        assert set(session.scalars(query)) & {table.name for table in TENANT} == set()


def test_every_function_that_sees_more_than_its_caller_is_about_one_top_unit(database: None) -> None:
    query = text("""
        select proname from pg_proc
        where prosecdef and pronamespace = 'public'::regnamespace and proargnames[1] is distinct from 'p_root'
    """)
    with transaction(None) as session:
        assert set(session.scalars(query)) == ABOUT_PEOPLE


def test_the_day_is_told_by_the_clock_and_not_by_the_database() -> None:
    """Citus refuses `now()` where it writes over a row; and tests could not set it."""
    places = [path for root in ("portal", "importers", "dashboards") for path in Path(root).rglob("*.py")]
    assert [str(path) for path in places if re.search(r"func\.(now|current_timestamp)\(", path.read_text())] == []
