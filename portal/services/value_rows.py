"""Write the values of versions, each version's by one call of the database function that alone may.

A column goes over as one text: the driver spends ten times as long on the elements of an array.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.actors import Actor
from portal.domain.values import Values, ValueStatus
from portal.models import Submission

_BETWEEN = "\x1f"  # a control character, which no answer needs
_NOTHING = "\x1e"

_PUT = text("""
    select put_values(:root, :period, :form, :unit, :version, :person_id, :person, :at, :source,
        :indicators, :statuses, :numbers, :texts, :approximates, :days, :notes, :places)
""")


@dataclass(frozen=True)
class Answers:
    """Values of one version, who entered them, and the upload or batch they were read from, if any.

    Attributes:
        places: where in the file each stands, by indicator, e.g. `表4!E12`.
    """

    root_id: int
    period: str
    form: str
    unit_id: int
    version: int
    values: Values
    entered_by_id: int | None
    entered_by: str
    entered_at: datetime
    source: UUID | None = None
    places: Mapping[str, str] = field(default_factory=dict)


def in_draft(row: Submission, actor: Actor, values: Values, source: UUID | None, places: Mapping[str, str]) -> Answers:
    """Values for the submission's current version, entered by somebody now."""
    return Answers(
        row.root_id,
        row.period_code,
        row.form_code,
        row.unit_id,
        row.version_number,
        values,
        actor.user_id,
        actor.name,
        clock.now(),
        source,
        places,
    )


def put_values(session: Session, answers: Sequence[Answers]) -> None:
    """Write values, over those that stand there; versions that do not exist, or are out of scope, are refused.

    Raises:
        NotPermitted: the transaction may not write one of them.
    """
    if answers:
        session.execute(_PUT, [_parameters(each) for each in answers])


def _parameters(answers: Answers) -> dict[str, object]:
    codes, values = list(answers.values), list(answers.values.values())
    return {
        "root": answers.root_id,
        "period": answers.period,
        "form": answers.form,
        "unit": answers.unit_id,
        "version": answers.version,
        "person_id": answers.entered_by_id,
        "person": answers.entered_by,
        "at": answers.entered_at,
        "source": answers.source,
        "indicators": _BETWEEN.join(codes),
        "statuses": _column([value.status for value in values], ValueStatus.REPORTED),
        "numbers": _column([value.number for value in values], None),
        "texts": _column([value.text for value in values], None),
        "approximates": _column([value.approximate for value in values], False),
        "days": _column([value.as_of_on for value in values], None),
        "notes": _column([value.note for value in values], ""),
        "places": _column(list(map(answers.places.get, codes)), None),
    }


def _column(cells: Sequence[object], usual: object) -> str | None:
    """The cells as one text; None if every one is the usual."""
    if next(iter(cells), usual) == usual and cells.count(usual) == len(cells):  # to count None among numbers takes long
        return None
    words = [_NOTHING if cell is None else str(cell) for cell in cells]
    column = _BETWEEN.join(words)
    if column.count(_BETWEEN) == len(words) - 1:
        return column
    return _BETWEEN.join([word.replace(_BETWEEN, " ") for word in words])
