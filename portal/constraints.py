"""What it means that a constraint of the database was tripped: its name is part of the contract."""

import re
from collections.abc import Callable

import psycopg.errors
from sqlalchemy.exc import DBAPIError

from portal.errors import Conflict, Duplicate, InvalidInput, NotFound, NotPermitted, PortalError

CONSTRAINT_ERRORS: dict[str, Callable[[], PortalError]] = {
    "pk_submission": lambda: Duplicate("submission"),
    "pk_collection": lambda: Duplicate("collection"),
    "uq_unit_code": lambda: Duplicate("unit"),
    "uq_form_version_form_code_number": lambda: Duplicate("form_version"),
    "pk_form_addition": lambda: Duplicate("form_addition"),
    "pk_collection_addition": lambda: Duplicate("form_addition"),
    "pk_form_draft": lambda: Duplicate("form_draft"),
    "ex_placement_overlap": lambda: Duplicate("placement"),
    "ex_membership_overlap": lambda: Duplicate("membership"),
    "ab_user_username_key": lambda: Duplicate("username"),
    "ab_user_email_key": lambda: Duplicate("email"),
    "pk_rule_change": lambda: Conflict("rule", ""),
    "pk_rollup_entry": lambda: Conflict("rollup_entry", ""),
    "uq_rollup_entry_root_id_period_code_unit_id_indicator_withdraws": lambda: Conflict("rollup_entry", ""),
    "pk_directory_account": lambda: Duplicate("directory_account"),
    "uq_directory_account_user_id": lambda: Duplicate("directory_account"),
    "pk_value": lambda: Conflict("value", ""),
    "pk_submission_version": lambda: Conflict("submission", ""),
    "pk_observation": lambda: Conflict("submission", ""),
    "fk_collection_form_version_id": lambda: NotFound("form", ""),
    "ck_value_one_answer": lambda: InvalidInput("value", "not_one_answer"),
}
"""Constraint name → what it means; one that is not named here is a defect and stays a database error."""

# On a node of Citus the number of a shard follows; so that there is room for it, a long name is cut and hashed.
_ON_NODE = re.compile(r"(?P<name>.+?)(?P<hash>_[0-9a-f]{8})?_\d+")


def constraint_error(name: str) -> PortalError | None:
    """What it means that the constraint of this name was tripped, on one server or on a node of Citus."""
    found = _ON_NODE.fullmatch(name)
    if found and found["hash"]:
        name = next((each for each in CONSTRAINT_ERRORS if each.startswith(found["name"])), name)
    make = CONSTRAINT_ERRORS.get(name) or CONSTRAINT_ERRORS.get(found["name"] if found else "")
    return make() if make else None


def domain_error(error: DBAPIError) -> PortalError | None:
    """The domain error that a database error stands for, if any."""
    cause = error.orig
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return NotPermitted("row_level_security")
    if isinstance(cause, psycopg.errors.IntegrityError | psycopg.errors.ExclusionViolation):
        # What a node of Citus refuses is told in words only; they end with the constraint.
        quoted = re.findall(r'"([^"]+)"', cause.diag.message_primary or "")
        return constraint_error(cause.diag.constraint_name or next(reversed(quoted), ""))
    return None
