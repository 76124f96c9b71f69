"""What the actor's own unit added to forms, and what it may add it to."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from portal.domain.additions import Addition
from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import HANDED_IN
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.errors import NotFound
from portal.models import Collection, CollectionAddition, FormAddition, Submission
from portal.queries.effective_forms import addition_of


@dataclass(frozen=True)
class Joining:
    """A collection that the unit's newest addition belongs to, or could join.

    Attributes:
        number: of the addition that belongs to it; None if none does.
        asked: answers that are asked for it, or would be.
        handed_in: answers that go without it, because they were handed in before.
    """

    key: CollectionKey
    number: int | None
    asked: int
    handed_in: int


def find_addition(session: Session, actor: Actor, form: str, number: int | None = None) -> Addition | None:
    """The addition of the actor's unit to a form, the newest unless numbered; None if there is none."""
    query = select(FormAddition.digest).where(
        FormAddition.root_id == actor.place.root_id,
        FormAddition.unit_id == actor.place.id,
        FormAddition.form_code == form,
    )
    if number is not None:
        query = query.where(FormAddition.number == number)
    digest = session.scalar(query.order_by(FormAddition.number.desc()).limit(1))
    return None if digest is None else addition_of(session, digest)


def get_addition(session: Session, actor: Actor, form: str, number: int | None = None) -> Addition:
    """The same.

    Raises:
        NotFound: there is none.
    """
    found = find_addition(session, actor, form, number)
    if found is None:
        raise NotFound("form_addition", f"{form}+{actor.place.code}")
    return found


def list_additions(session: Session, actor: Actor) -> list[Addition]:
    """The newest addition of the actor's unit to each form, by form."""
    query = (
        select(FormAddition.digest)
        .where(FormAddition.root_id == actor.place.root_id, FormAddition.unit_id == actor.place.id)
        .ext(distinct_on(FormAddition.form_code))
        .order_by(FormAddition.form_code, FormAddition.number.desc())
    )
    return [addition_of(session, digest) for digest in session.scalars(query)]


def list_joinings(session: Session, actor: Actor, form: str) -> list[Joining]:
    """The collections of a form in the unit's subtree, newest first, with what the addition means for each."""
    place = actor.place
    handed_in = Submission.state.in_(HANDED_IN)
    before = (
        handed_in & CollectionAddition.joined_at.is_not(None) & (Submission.submitted_at < CollectionAddition.joined_at)
    )
    without = before | (handed_in & CollectionAddition.number.is_(None))
    query = (
        select(
            Collection.period_code,
            CollectionAddition.number,
            func.count().filter(~without),
            func.count().filter(without),
        )
        .join(
            Submission,
            (Submission.root_id == Collection.root_id)
            & (Submission.period_code == Collection.period_code)
            & (Submission.form_code == Collection.form_code),
        )
        .outerjoin(
            CollectionAddition,
            (CollectionAddition.root_id == Collection.root_id)
            & (CollectionAddition.period_code == Collection.period_code)
            & (CollectionAddition.form_code == Collection.form_code)
            & (CollectionAddition.unit_id == place.id),
        )
        .where(Collection.root_id == place.root_id, Collection.form_code == form, Submission.exempt_reason.is_(None))
        .where(Submission.unit_path.op("<@")(place.path))
        .group_by(Collection.period_code, CollectionAddition.number)
        .order_by(Collection.period_code.desc())
    )
    return [
        Joining(CollectionKey(form, Period.parse(period)), number, asked, without_it)
        for period, number, asked, without_it in session.execute(query)
    ]
