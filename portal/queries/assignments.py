"""Who in a unit sees to what."""

from dataclasses import dataclass

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.people import full_name
from portal.domain.policy import Actor, Role
from portal.models import Assignment, Membership


@dataclass(frozen=True)
class Duty:
    """Who sees to something: one of the unit's people, a section of it (科室), both, or nobody."""

    person_id: int | None = None
    office: str = ""


def assignments_of(session: Session, actor: Actor, form_code: str) -> dict[str, Duty]:
    """Who in the actor's unit sees to what of a form, by the code of the sheet, indicator or section."""
    query = select(Assignment).where(
        Assignment.root_id == actor.place.root_id,
        Assignment.unit_id == actor.place.id,
        Assignment.form_code == form_code,
    )
    return {each.item: Duty(each.person_id, each.office) for each in session.scalars(query)}


def colleagues(session: Session, actor: Actor) -> dict[int, str]:
    """Names of the people who fill in for the actor's unit today, by id, in order of name."""
    today = clock.today()
    query = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.unit_id == actor.place.id, Membership.role == Role.FILLER, User.active.is_(True))
        .where(Membership.valid_from <= today, or_(Membership.valid_to.is_(None), Membership.valid_to >= today))
    )
    people = {user.id: full_name(user.first_name, user.last_name) for user in session.scalars(query).unique()}
    return dict(sorted(people.items(), key=lambda each: each[1]))
