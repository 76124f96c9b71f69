"""What a unit needs to fill in a form for a period, whether or not the form was sent down to it yet."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.surroundings import Surroundings
from portal.domain.values import Values
from portal.errors import InvalidInput
from portal.models import Collection, Submission
from portal.queries import forms
from portal.queries.earlier import Earlier, earlier_values
from portal.queries.figures import Key
from portal.queries.surroundings import surroundings, with_peers
from portal.queries.units import UnitRow, get_unit


@dataclass(frozen=True)
class Filling:
    """A form for a unit and a period.

    Attributes:
        unit: as of the period.
        form: the version sent down, or the newest if none was.
        earlier: the unit's accepted values of earlier periods, and the calculated ones.
        around: what else its checks look at.
    """

    unit: UnitRow
    form: FormVersion
    earlier: Earlier
    around: Surroundings

    @property
    def last_year(self) -> Values:
        """Accepted values of a year ago; empty if none were accepted."""
        return self.earlier.last_year

    @property
    def demo(self) -> bool:
        """Whether last year's values are made up (演示数据)."""
        return self.earlier.demo


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
    place = (unit.root_id, str(key.period), form.code, unit.id)
    earlier = earlier_values(session, {place: form})[place] if actor.place.covers(unit.path) else Earlier()
    return Filling(unit, form, earlier, _around(session, place, form))


def _around(session: Session, place: Key, form: FormVersion) -> Surroundings:
    """What stands around the submission, if the form was sent down to the unit."""
    row = session.get(Submission, place)
    if row is None:
        return Surroundings(period=Period.parse(place[1]))
    return with_peers(session, row, form, surroundings(session, [row], form)[place])


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
