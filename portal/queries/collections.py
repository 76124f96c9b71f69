"""Collections (报送任务): what was sent down, to whom it matters here."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.models import Collection, FormVersion, Unit


@dataclass(frozen=True)
class CollectionRow:
    """One form version for one period; `sender` is the unit that sent it down."""

    form: str
    version: int
    period: Period
    sender: str
    opens_on: date
    due_on: date


def list_collections(
    session: Session, actor: Actor, *, period: Period | None = None, form: str | None = None
) -> list[CollectionRow]:
    """The collections sent down to the actor's unit, or by it or a unit below it; newest period first."""
    query = (
        select(Collection, FormVersion.number, Unit.code)
        .join(FormVersion, FormVersion.id == Collection.form_version_id)
        .join(Unit, Unit.id == Collection.sender_id)
        .where(Collection.root_id == actor.place.root_id)
        .order_by(Collection.period_code.desc(), Collection.form_code)
    )
    if period is not None:
        query = query.where(Collection.period_code == str(period))
    if form is not None:
        query = query.where(Collection.form_code == form)
    return [
        CollectionRow(row.form_code, number, Period.parse(row.period_code), sender, row.opens_on, row.due_on)
        for row, number, sender in session.execute(query)
    ]
