"""What a unit needs to fill in a form for a period, whether or not the form was sent down to it yet."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.surroundings import Surroundings
from portal.domain.values import Values
from portal.errors import InvalidInput
from portal.models import Submission
from portal.queries import forms
from portal.queries.earlier import Earlier, earlier_values
from portal.queries.effective_forms import collected_forms, form_of
from portal.queries.surroundings import surroundings, with_peers
from portal.queries.units import UnitRow, get_unit


@dataclass(frozen=True)
class Filling:
    """A form for a unit and a period.

    Attributes:
        unit: as of the period.
        form: the version sent down with what was added to it, or the newest if none was.
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
    row = session.get(Submission, (unit.root_id, str(key.period), key.form, unit.id))
    sent = [form_of(session, row)] if row else collected_forms(session, unit, key.period)
    asked = [form for form in sent if form.code == key.form and number in {None, form.number}]
    form = asked[0] if asked else forms.get_form(session, key.form, number)
    if key.period.kind is not form.period_kind:
        raise InvalidInput("period", "wrong_kind", key.period)
    place = (unit.root_id, str(key.period), form.code, unit.id)
    earlier = earlier_values(session, {place: form})[place] if actor.place.covers(unit.path) else Earlier()
    around = Surroundings(period=key.period)
    if row is not None:
        around = with_peers(session, [row], form, surroundings(session, [row], form))[place]
    return Filling(unit, form, earlier, around)
