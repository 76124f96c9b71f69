"""What a unit needs to fill in a form for a period, whether or not the form was sent down to it yet."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.calculation import completed
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import COUNTED, State
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level
from portal.domain.values import Values
from portal.errors import InvalidInput, NotFound
from portal.models import Collection, Submission
from portal.queries import forms
from portal.queries.submissions import get_row, typed_values
from portal.queries.units import UnitRow, get_unit


@dataclass(frozen=True)
class Filling:
    """A form for a unit and a period.

    Attributes:
        unit: as of the period.
        form: the version sent down, or the newest if none was.
        last_year: the unit's accepted values of a year ago, and the calculated ones; empty if none were accepted.
        demo: last year's values are made up (演示数据).
    """

    unit: UnitRow
    form: FormVersion
    last_year: Values
    demo: bool


def get_filling(session: Session, actor: Actor, key: SubmissionKey, *, number: int | None = None) -> Filling:
    """What stands ready for a unit; of the form's version `number` if given.

    Raises:
        NotFound: there is no such unit in the period, or no such form.
        InvalidInput: the form is filled in for years and the period is a quarter, or the like.
    """
    unit = get_unit(session, key.unit, period=key.period)
    form = forms.get_form(session, key.form, number or _collected(session, unit, key))
    if key.period.kind is not form.period_kind:
        raise InvalidInput("period", "wrong_kind", key.period)
    before = _accepted(session, actor, key.last_year)
    if before is None:
        return Filling(unit, form, {}, demo=False)
    last_year = completed(form, Level(before.level), typed_values(session, before), None)
    return Filling(unit, form, last_year, demo=before.demo)


def _collected(session: Session, unit: UnitRow, key: SubmissionKey) -> int | None:
    """Number of the version sent down for the period."""
    version_id = session.scalar(
        select(Collection.form_version_id).where(
            Collection.root_id == unit.root_id,
            Collection.period_code == str(key.period),
            Collection.form_code == key.form,
        )
    )
    return None if version_id is None else forms.version(session, version_id).number


def _accepted(session: Session, actor: Actor, key: SubmissionKey) -> Submission | None:
    try:
        row = get_row(session, actor, key)
    except NotFound:
        return None
    return row if State(row.state) in COUNTED else None
