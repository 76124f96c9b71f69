"""Every name in the constraint table is a constraint that exists, and means what it says."""

import pytest
from sqlalchemy import text

from portal.constraints import CONSTRAINT_ERRORS, constraint_error
from portal.db import transaction
from portal.errors import Conflict


def test_named_constraints_exist(database: None) -> None:
    with transaction(None) as session:
        existing = set(session.scalars(text("select conname from pg_constraint")))
    assert set(CONSTRAINT_ERRORS) - existing == set()


@pytest.mark.parametrize("name", CONSTRAINT_ERRORS)
def test_means_the_same_on_a_node_of_a_cluster(name: str) -> None:
    meant = CONSTRAINT_ERRORS[name]()
    for there in (name, f"{name}_102082"):
        error = constraint_error(there)
        assert (type(error), str(error)) == (type(meant), str(meant))


def test_a_name_that_is_too_long_for_a_node_is_cut_and_hashed_there() -> None:
    error = constraint_error("uq_rollup_entry_root_id_period_code_unit_id_ind_bef83e4b_102082")
    assert isinstance(error, Conflict)
    assert str(error) == str(Conflict("rollup_entry", ""))


@pytest.mark.parametrize("name", ["", "pk_unit", "pk_unit_102082", "fk_unit_0123abcd_102082"])
def test_one_that_is_not_named_is_a_defect(name: str) -> None:
    assert constraint_error(name) is None
