"""`huizong people`: people and their roles, by whoever is at the machine. The way to the first system administrator."""

import csv
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from portal import clock
from portal.cli.command import Group
from portal.cli.connection import database, portal_of_each_tree
from portal.cli.words import say
from portal.db import transaction
from portal.domain.people import NewPerson, NewRole
from portal.domain.people_file import read_people
from portal.domain.policy import Actor, Role
from portal.errors import NotFound
from portal.queries.paging import LARGEST_PAGE, PageOf
from portal.queries.person_search import PersonRow, find_person, search_people
from portal.services.accounts import reset_password, reset_second_factor
from portal.services.people import add_person
from portal.services.people_import import import_people


@click.group("people", cls=Group, help="人员和角色 / people and roles")
def command() -> None:
    """The noun."""


@command.command("add", help="新增一人，打印初始密码 / add a person; prints the first password")
@click.option("--unit", required=True, help="单位代码 / code of the unit")
@click.option("--role", "roles", required=True, help=f"角色，可用逗号分开 / roles, by commas: {', '.join(Role)}")
@click.option("--name", required=True, help="真实姓名 / real name")
@click.option("--username", required=True, help="用户名 / user name")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="最后一天 / last day")
@click.option("--form", "forms", multiple=True, help="协同单位人员可看的报表 / form that a partner may see")
def add(unit: str, roles: str, name: str, username: str, until: datetime | None, forms: tuple[str, ...]) -> None:
    """Make an account with roles in a unit."""
    end = until.date() if until else None
    new = [NewRole(unit, _role(each), clock.today(), end, forms) for each in roles.split(",")]
    with _operating() as (session, actor):
        _user_id, password = add_person(session, actor, NewPerson(name, username), new)
    say("已新增。初始密码只显示这一次，首次登录须改：", "added. The first password is shown once, and must be changed:")
    click.echo(password)


@command.command("list", help="列出全部人员和角色（CSV） / list all people and their roles")
def list_() -> None:
    """A line for each role; one without for who holds none."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("username", "name", "active", "unit", "role", "from", "to", "forms"))
    with _operating() as (session, actor):
        for person in _everybody(session, actor):
            who = (person.username, person.name, "yes" if person.active else "no")
            for held in person.roles:
                forms = " ".join(held.forms or ())
                writer.writerow((*who, held.unit, held.role, held.valid_from, held.valid_to or "", forms))
            if not person.roles:
                writer.writerow((*who, "", "", "", "", ""))


@command.command("reset-password", help="重设密码，打印新的初始密码 / give a new first password, and print it")
@click.argument("username")
def reset_password_(username: str) -> None:
    """A new random password, to be changed at the next sign-in; all sessions end."""
    with _operating() as (session, actor):
        person = find_person(session, actor, username)
        if person is None:
            raise NotFound("person", username)
        password = reset_password(session, actor, person.id)
    say("已重设。密码只显示这一次，登录后须改：", "done. The password is shown once, and must be changed:")
    click.echo(password)


@command.command("reset-second-factor", help="清除动态口令，本人可以重新设置 / forget the person's second factor")
@click.argument("username")
def reset_second_factor_(username: str) -> None:
    """For whoever lost the telephone and the recovery codes, when there is no other administrator."""
    with _operating() as (session, actor):
        person = find_person(session, actor, username)
        if person is None:
            raise NotFound("person", username)
        reset_second_factor(session, actor, person.id)
    say("已清除。", "done.")


@command.command("import", help="成批新增（CSV，UTF-8） / add many people from a file")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--passwords",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="初始密码写到这个新文件（只有本人可读） / new file for the first passwords, readable for its owner only",
)
def import_(file: Path, passwords: Path) -> None:
    """Add everybody in the file, or nobody."""
    lines = read_people(file.read_text(encoding="utf-8"), clock.today())
    with _operating() as (session, actor):
        added = import_people(session, actor, lines)
        # Before the accounts are there, so that none can exist whose password nobody knows.
        _write(passwords, added)
    say(
        f"已新增 {len(added)} 人，初始密码在 {passwords}。", f"{len(added)} people added; first passwords: {passwords}."
    )


@contextmanager
def _operating() -> Iterator[tuple[Session, Actor]]:
    """A transaction of the portal itself, with the rights of a system administrator.

    Raises:
        NotFound: there are no units yet.
    """
    with database():
        tops = portal_of_each_tree()
        if not tops:
            raise NotFound("unit", "-")
        actor = replace(tops[0], roles=frozenset({Role.SYSTEM_ADMIN}))
        with transaction(actor) as session:
            yield session, actor


def _everybody(session: Session, actor: Actor) -> Iterator[PersonRow]:
    number = 1
    while True:
        page = search_people(session, actor, standing=None, page=PageOf(number, LARGEST_PAGE))
        yield from page.items
        if number * LARGEST_PAGE >= page.count:
            return
        number += 1


def _role(name: str) -> Role:
    if name.strip() not in set(Role):
        raise NotFound("role", name)
    return Role(name.strip())


def _write(path: Path, added: list[tuple[NewPerson, str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "username", "password"))
    writer.writerows((person.name, person.username, password) for person, password in added)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text.getvalue())
