"""What one city adds to the form in the demonstration, and what its units answer."""

from dataclasses import replace
from importlib.resources import files

from portal.db import transaction
from portal.demo.chance import chance
from portal.demo.figures import PeriodFigures
from portal.domain.addition_file import read_addition
from portal.domain.forms import FormVersion
from portal.domain.units import Level
from portal.domain.values import Value
from portal.queries.additions import find_addition
from portal.queries.forms import find_form
from portal.queries.people import portal_actor
from portal.services import additions

CITY = "440600"
_FEWEST, _MOST = 1, 40


def publish() -> None:
    """Publish it, unless the city added something already."""
    content = files("portal.demo").joinpath("addition.yaml").read_text(encoding="utf-8")
    with transaction(None) as session:
        added = read_addition(content, lambda code, number: find_form(session, code, number))
        portal = portal_actor(session, CITY)
    with transaction(portal) as session:
        if find_addition(session, portal, added.form) is None:
            additions.publish(session, portal, added)


def with_answers(figures: PeriodFigures, form: FormVersion, unit_code: str, level: Level) -> PeriodFigures:
    """A unit's figures with made-up ones for what was added to the form it answers."""
    asked = [each.code for each in form.typed_at(level) if each.added_by]
    if not asked or figures.published:
        return figures
    throw = chance(unit_code, figures.period, "additions")
    answers = {code: Value.of(throw.randint(_FEWEST, _MOST)) for code in asked}
    return replace(figures, values={**figures.values, **answers})
