"""`huizong submission`: accept what many units handed in, as on the page and in the API."""

import click

from portal.cli.command import Group
from portal.cli.connection import database
from portal.cli.refusals import sentence
from portal.cli.words import both, say
from portal.cli.workbooks import CLEAN, MISTAKEN
from portal.db import identity_transaction, transaction
from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import State
from portal.queries.progress import list_answers
from portal.services.acceptance import Verdict, accept
from portal.web.accounts import actor_of


@click.group("submission", cls=Group, help="报送件 / submissions")
def command() -> None:
    """The noun."""


@command.command("accept", help="一次验收多个单位的报送件 / accept the submissions of many units at once")
@click.argument("collection")
@click.argument("units", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="所有已上报的直接下级 / all directly below that are handed in")
@click.option("--as", "username", required=True, help="以此用户的身份 / user name of who does it")
@click.option("--unit", help="代表哪个单位，默认第一个 / unit acted for, the first by default")
@click.pass_context
def accept_(
    context: click.Context,
    collection: str,
    units: tuple[str, ...],
    everyone: bool,
    username: str,
    unit: str | None,
) -> None:
    """Exit code 0 if all of them are accepted, 1 if some are not."""
    if everyone == bool(units):
        raise click.UsageError(both(("请列出单位代码，或者用 --all", "name units, or use --all")))
    key = CollectionKey.parse(collection)
    with database():
        with identity_transaction() as session:
            actor = actor_of(session, username, unit_code=unit)
        seen: dict[str, int | None] = dict.fromkeys(units)
        if everyone:
            with transaction(actor) as session:
                waiting = [row for row in list_answers(session, actor, key) if row.task.state is State.SUBMITTED]
            seen = {row.unit.code: row.row_version for row in waiting if row.unit.parent_code == actor.place.code}
        with transaction(actor) as session:
            verdicts = accept(session, actor, key, seen)
    for each in verdicts:
        click.echo(f"{each.unit} {_what(each)}")
    accepted = sum(each.refusal is None for each in verdicts)
    left = len(verdicts) - accepted
    say(f"已验收 {accepted} 件，没有验收 {left} 件。", f"{accepted} accepted, {left} left as they are.")
    context.exit(MISTAKEN if left else CLEAN)


def _what(verdict: Verdict) -> str:
    if verdict.refusal is None:
        return "accepted"
    told = sentence(verdict.refusal)
    return f"{verdict.refusal.code} {both(told)}" if told else verdict.refusal.code
