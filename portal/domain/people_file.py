"""The people file: CSV in UTF-8, a line for each person and unit. Read with every mistake at once."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from portal.domain.actors import Role
from portal.domain.people import NewPerson, NewRole, read_email, read_phone, read_username, split_name
from portal.errors import FormInvalid, InvalidInput

COLUMNS = ("name", "username", "unit", "roles", "from", "to")
OPTIONAL = ("email", "phone", "forms")


@dataclass(frozen=True)
class PersonLine:
    """A line of the file: somebody, and the roles in one unit. Lines with the same user name are one person."""

    number: int
    person: NewPerson
    roles: tuple[NewRole, ...]


def read_people(text: str, today: date) -> list[PersonLine]:
    """Read a people file.

    Args:
        text: the file.
        today: from when a role is held whose `from` is empty.

    Raises:
        FormInvalid: it has mistakes; each is named with its line.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
    if missing:
        raise FormInvalid([f"第 1 行：缺少列 {'、'.join(missing)} (line 1: missing columns)"])
    lines: list[PersonLine] = []
    problems: list[str] = []
    people: dict[str, NewPerson] = {}
    for number, row in enumerate(reader, start=2):
        try:
            line = _line(number, {name: (row.get(name) or "").strip() for name in (*COLUMNS, *OPTIONAL)}, today)
            lines.append(line)
            if people.setdefault(line.person.username, line.person) != line.person:
                problems.append(problem(number, f"与前面同一用户名的姓名、邮箱或电话不同：{line.person.username}"))
        except InvalidInput as error:
            problems.append(problem(number, f"{error.field} 不对（{error.problem}）：{error.value}"))
        except ValueError as error:
            problems.append(problem(number, str(error)))
    if problems:
        raise FormInvalid(problems)
    return lines


def problem(number: int, what: str) -> str:
    """A mistake, with its line."""
    return f"第 {number} 行：{what} (line {number})"


def _line(number: int, row: dict[str, str], today: date) -> PersonLine:
    split_name(row["name"])
    read_email(row["email"])
    read_phone(row["phone"])
    person = NewPerson(row["name"], read_username(row["username"]), row["email"], row["phone"])
    return PersonLine(number, person, tuple(_roles(row, today)))


def _roles(row: dict[str, str], today: date) -> Iterator[NewRole]:
    begin = date.fromisoformat(row["from"]) if row["from"] else today
    end = date.fromisoformat(row["to"]) if row["to"] else None
    forms = tuple(row["forms"].split())
    if not row["roles"]:
        raise ValueError("缺少角色")
    for role in row["roles"].replace(",", " ").split():
        yield NewRole(row["unit"], Role(role), begin, end, forms)
