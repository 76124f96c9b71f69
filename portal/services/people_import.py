"""Take many people in at once: all of a file, or nothing of it."""

from collections.abc import Iterable, Sequence

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.people import NewPerson, NewRole
from portal.domain.people_file import PersonLine, problem
from portal.domain.policy import Actor
from portal.errors import FormInvalid, InvalidInput, NotFound, NotPermitted
from portal.services.people import add_person, check_role


def import_people(session: Session, actor: Actor, lines: Sequence[PersonLine]) -> list[tuple[NewPerson, str]]:
    """Add everybody; gives each with the first password.

    Raises:
        FormInvalid: something will not do; everything that will not is named with its line.
    """
    problems = [*_taken(session, lines), *_wrong_roles(session, actor, lines)]
    if problems:
        raise FormInvalid(problems)
    roles: dict[NewPerson, list[NewRole]] = {}
    for line in lines:
        roles.setdefault(line.person, []).extend(line.roles)
    return [(person, add_person(session, actor, person, held)[1]) for person, held in roles.items()]


def _taken(session: Session, lines: Iterable[PersonLine]) -> list[str]:
    """User names and addresses that are somebody else's, in the portal or in the file."""
    names = set(session.scalars(select(User.username)))
    owners: dict[str, str] = {email: username for username, email in session.execute(select(User.username, User.email))}
    found = []
    for line in lines:
        username, email = line.person.username, line.person.email.lower()
        if username in names:
            found.append(problem(line.number, f"用户名已有人用：{username}"))
        if email and owners.setdefault(email, username) != username:
            found.append(problem(line.number, f"邮箱已有人用：{email}"))
    return found


def _wrong_roles(session: Session, actor: Actor, lines: Iterable[PersonLine]) -> list[str]:
    found = []
    seen: set[tuple[str, str, str]] = set()
    for line in lines:
        for role in line.roles:
            key = (line.person.username, role.unit, role.role)
            if key in seen:
                found.append(problem(line.number, f"同一单位的同一角色出现了两次：{role.unit} {role.role}"))
            seen.add(key)
            try:
                check_role(session, actor, role)
            except NotFound:
                found.append(problem(line.number, f"没有这个单位：{role.unit}"))
            except NotPermitted:
                found.append(problem(line.number, f"没有权限：{role.unit} {role.role}"))
            except InvalidInput as error:
                found.append(problem(line.number, f"{error.field} 不对（{error.problem}）：{error.value}"))
    return found
