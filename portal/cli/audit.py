"""`huizong audit`: find a change behind the portal's back."""

import click

from portal.cli.command import Group
from portal.cli.connection import database, portal_of_each_tree
from portal.cli.words import Line, both
from portal.db import transaction
from portal.queries.events import BrokenLink
from portal.queries.events import verify as verify_chain


@click.group("audit", cls=Group, help="事件链 / the chain of events")
def command() -> None:
    """The noun."""


@command.command("verify", help="逐条核对事件链 / recompute the chain of events")
@click.pass_context
def verify(context: click.Context) -> None:
    """Exit code 1 if an event was altered, deleted, inserted or reordered; names the first broken link."""
    broken = False
    with database():
        for portal in portal_of_each_tree():
            with transaction(portal) as session:
                length, link = verify_chain(session, portal.place.root_id)
            broken = broken or link is not None
            click.echo(both(_verdict(portal.place.code, length, link)))
    if broken:
        context.exit(1)


def _verdict(root: str, length: int, link: BrokenLink | None) -> Line:
    if link is None:
        return f"{root}：{length} 条事件，完整。", f"{length} events, unbroken."
    return (
        f"{root}：事件链在第 {link.number} 条断开（{link.problem}）。",
        f"the chain is broken at event {link.number} ({link.problem}).",
    )
