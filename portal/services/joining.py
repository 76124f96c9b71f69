"""Let what units added to a form belong to what is sent down."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from portal.domain.additions import Addition, extended, fits
from portal.domain.forms import FormVersion
from portal.models import Collection, CollectionAddition, FormAddition
from portal.queries.effective_forms import addition_of, line_of


class Joined(NamedTuple):
    """The additions that belong to a collection, by the path of their unit, and those that do not fit its form."""

    additions: Mapping[str, Addition]
    left_out: Sequence[Addition]


def join_published(session: Session, collection: Collection, core: FormVersion) -> Joined:
    """Let the newest addition of every unit above and below the sender belong to what it sends down.

    One that does not fit the version is left out: its unit publishes another, and decides then.
    """
    columns = (FormAddition.unit_id, FormAddition.unit_path, FormAddition.digest)
    query = (
        select(*columns)
        .where(FormAddition.root_id == collection.root_id, FormAddition.form_code == collection.form_code)
        .ext(distinct_on(FormAddition.unit_id))
        .order_by(FormAddition.unit_id, FormAddition.number.desc())
    )
    joined: dict[str, Addition] = {}
    left_out: list[Addition] = []
    for unit_id, path, digest in session.execute(query).all():
        addition = addition_of(session, digest)
        if addition.is_empty:
            continue
        if not fits(core, addition):
            left_out.append(addition)
            continue
        joined[path] = addition
        session.add(
            CollectionAddition(
                root_id=collection.root_id,
                period_code=collection.period_code,
                form_code=collection.form_code,
                unit_id=unit_id,
                unit_path=path,
                number=addition.number,
                joined_at=None,
            )
        )
    session.flush()
    return Joined(joined, left_out)


def extended_at(core: FormVersion, joined: Joined, path: str) -> FormVersion:
    """The form as a unit of that path answers it."""
    above = [joined.additions[each] for each in line_of(path) if each in joined.additions]
    return extended(core, above) if above else core


def joined_record(joined: Joined) -> dict[str, object]:
    """What joined, and what did not, as an event tells it; nothing where nobody added anything."""
    told = {"additions": list(joined.additions.values()), "left_out": list(joined.left_out)}
    return {key: [f"{each.unit} v{each.number}" for each in several] for key, several in told.items() if several}
