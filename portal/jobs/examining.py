"""Examine a workbook with what the portal knows: its forms, its units, and last year's accepted figures.

Reading a workbook takes seconds, so that no transaction is open meanwhile: each look-up has one of its own.
"""

from importers.identity import Context, Expected, Identity, UnitName
from importers.pipeline import Examination, examine
from importers.recognise import NotRecognised, Recognised, recognise
from importers.sandbox import read_workbook
from importers.tables import find_tables
from portal.db import transaction
from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput, NotFound
from portal.queries import forms
from portal.queries.filling import get_filling
from portal.queries.people import portal_actor


def examine_workbook(content: bytes, expected: Expected) -> Examination:
    """Everything that can be said about a workbook; nothing is written."""
    return examine(content, find_form=_find_form, find_context=_find_context, expected=expected)


def identify_workbook(content: bytes, expected: Expected) -> Identity | NotRecognised:
    """Whose answers a workbook holds, without a look at them.

    Raises:
        WorkbookUnreadable: it cannot be read at all.
    """
    workbook = read_workbook(content)
    found = recognise(workbook, find_tables(workbook), _find_form, expected)
    return found.identity if isinstance(found, Recognised) else found


def _find_form(code: str, number: int) -> FormVersion | None:
    with transaction(None) as session:
        return forms.find_form(session, code, number)


def _find_context(identity: Identity) -> Context | None:
    try:
        key = SubmissionKey(identity.unit, Period.parse(identity.period), identity.form)
        with transaction(None) as session:
            portal = portal_actor(session, key.unit)
        with transaction(portal) as session:
            filling = get_filling(session, portal, key, number=identity.version)
    except (InvalidInput, NotFound):
        return None
    unit = UnitName(filling.unit.code, filling.unit.name, filling.unit.level)
    return Context(unit, filling.last_year or None, filling.earlier.previous or None, filling.around)
