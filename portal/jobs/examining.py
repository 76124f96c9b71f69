"""Examine a workbook with what the portal knows: its forms, its units, and last year's accepted figures.

Reading a workbook takes seconds, so that no transaction is open meanwhile: each look-up has one of its own.
"""

from importers.foreign import Confirmed, choices_from_json
from importers.identity import Context, Expected, Identity, UnitName
from importers.pipeline import Examination, examine, unit_finder
from importers.recognise import NotRecognised, Recognised, recognise
from importers.sandbox import read_workbook
from importers.tables import find_tables
from portal.db import transaction
from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Place
from portal.errors import InvalidInput, NotFound
from portal.queries import forms
from portal.queries.filling import get_filling
from portal.queries.layouts import find_mapping
from portal.queries.people import portal_actor


def examine_workbook(
    content: bytes, expected: Expected, *, filename: str = "", within: Place | None = None
) -> Examination:
    """Everything that can be said about a workbook; nothing is written.

    With `within`, a workbook of a unit outside that place is one of an unknown unit: nothing is told of the unit.
    """

    def find_context(identity: Identity) -> Context | UnitName | None:
        return _find_context(identity, within)

    return examine(
        content,
        filename,
        find_form=_find_form,
        find_context=find_context,
        expected=expected,
        find_confirmed=_find_confirmed,
    )


def identify_workbook(content: bytes, filename: str, expected: Expected) -> Identity | NotRecognised:
    """Whose answers a workbook holds, without a look at them.

    Raises:
        WorkbookUnreadable: it cannot be read at all.
    """
    workbook = read_workbook(content, filename)
    found = recognise(workbook, find_tables(workbook), _find_form, unit_finder(_find_context), expected)
    return found.identity if isinstance(found, Recognised) else found


def _find_form(code: str, number: int) -> FormVersion | None:
    with transaction(None) as session:
        return forms.find_form(session, code, number)


def _find_confirmed(identity: Identity, fingerprint: str) -> Confirmed | None:
    with transaction(None) as session:
        portal = portal_actor(session, identity.unit)
    with transaction(portal) as session:
        found = find_mapping(session, portal, identity.form, fingerprint)
    if found is None:
        return None
    choices = choices_from_json(found.choices)
    return Confirmed(found.fingerprint, found.form_number, choices, found.confirmed_by, found.confirmed_at)


def _find_context(identity: Identity, within: Place | None = None) -> Context | UnitName | None:
    try:
        with transaction(None) as session:
            portal = portal_actor(session, identity.unit)
    except NotFound:
        return None
    place = portal.place
    if within is not None and not within.covers(place.path):
        return None
    try:
        key = SubmissionKey(identity.unit, Period.parse(identity.period), identity.form)
        with transaction(portal) as session:
            filling = get_filling(session, portal, key, number=identity.version)
    except (InvalidInput, NotFound):
        return UnitName(place.code, place.name, place.level)
    unit = UnitName(filling.unit.code, filling.unit.name, filling.unit.level)
    return Context(unit, filling.last_year or None, filling.earlier.previous or None, filling.around, filling.form)
