"""Say who in a unit sees to which sheet, indicator or section of a form. A guide for the people, never a lock."""

from collections.abc import Mapping

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion
from portal.domain.policy import Actor, Permission, require
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput, NotFound
from portal.models import Assignment
from portal.queries.assignments import Duty, assignments_of, colleagues
from portal.queries.effective_forms import form_of
from portal.queries.submissions import get_row, subject_of
from portal.services import events

LONGEST_OFFICE = 60
NOBODY = Duty()


def assign(session: Session, actor: Actor, key: SubmissionKey, wanted: Mapping[str, Duty]) -> None:
    """Put these in the place of what was said of the same items; nobody takes the item from everybody.

    It holds for this form in this and every later year.

    Raises:
        NotPermitted: the actor is none of those who divide the unit's work.
        NotFound: the form has no such sheet, indicator or section, or the person is none of the unit's.
        InvalidInput: the name of an office is too long.
    """
    row = get_row(session, actor, key)
    require(actor, Permission.ASSIGN_WORK, subject_of(row))
    _require_known(form_of(session, row), wanted)
    people = colleagues(session, actor)
    for task in wanted.values():
        if task.person_id is not None and task.person_id not in people:
            raise NotFound("person", task.person_id)
        if len(task.office) > LONGEST_OFFICE:
            raise InvalidInput("office", "too_long", task.office)
    standing = assignments_of(session, actor, key.form)
    changed = {item: task for item, task in wanted.items() if standing.get(item, NOBODY) != task}
    if not changed:
        return
    here = {"root_id": row.root_id, "unit_id": row.unit_id, "form_code": row.form_code}
    session.execute(delete(Assignment).filter_by(**here).where(Assignment.item.in_(changed)))
    rows = [
        {**here, "unit_path": row.unit_path, "item": item, "person_id": task.person_id, "office": task.office}
        for item, task in changed.items()
        if task != NOBODY
    ]
    if rows:
        session.execute(insert(Assignment), rows)

    def named(tasks: Mapping[str, Duty]) -> dict[str, str]:
        return {item: _words(tasks[item], people) for item in changed if item in tasks}

    before, after = named(standing), named(changed)
    events.record(
        session,
        actor,
        "work_assigned",
        str(key),
        unit_code=key.unit,
        root_id=row.root_id,
        before=before,
        after=after,
    )


def _require_known(form: FormVersion, wanted: Mapping[str, Duty]) -> None:
    known = {each.code for each in (*form, *form.sheets, *form.outline)}
    for item in wanted:
        if item not in known:
            raise NotFound("item", item)


def _words(task: Duty, people: Mapping[int, str]) -> str:
    person = "" if task.person_id is None else people.get(task.person_id, str(task.person_id))
    return " ".join(part for part in (person, task.office) if part)
