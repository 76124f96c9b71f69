"""`huizong accounts`: link an account made here to the directory that its owner signs in with from now on."""

import click

from portal.cli.command import Group
from portal.cli.connection import database
from portal.cli.words import say
from portal.db import identity_transaction
from portal.services import directory


@click.group("accounts", cls=Group, help="账号 / accounts")
def command() -> None:
    """The noun."""


@command.command(
    "link",
    help="改由身份认证系统登录，本地密码作废；SUBJECT 为 OIDC 的 sub 或 LDAP 的 entryUUID / "
    "sign in through a directory from now on: OIDC's sub, or LDAP's entryUUID",
)
@click.argument("username")
@click.argument("issuer", metavar="ISSUER|ldap")
@click.argument("subject")
def link(username: str, issuer: str, subject: str) -> None:
    """An account is never linked by its name or e-mail alone: those move from one person to another."""
    with database(), identity_transaction() as session:
        directory.link(session, username, issuer, subject)
    say(f"{username} 今后由身份认证系统登录。", f"{username} signs in through the directory from now on.")
