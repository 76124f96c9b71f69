"""`huizong upload`: the same road as on the page and in the API, walked to its end in one go."""

from pathlib import Path

import click

from importers.identity import Expected
from importers.pipeline import Outcome
from importers.recognise import NotRecognised
from portal.cli.command import Command
from portal.cli.connection import database
from portal.cli.words import say
from portal.cli.workbooks import UNUSABLE, WORKBOOK, content_of, exit_code, print_examination, print_refusal
from portal.db import identity_transaction, transaction
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.jobs.examining import identify_workbook
from portal.jobs.uploads import keep, process
from portal.services.uploads import apply
from portal.web.accounts import actor_of


@click.command("upload", cls=Command, help="上传一个工作簿并写入草稿 / upload a workbook into the draft")
@click.argument("file", type=WORKBOOK)
@click.option("--as", "username", required=True, help="以此用户的身份 / user name of who uploads")
@click.pass_context
def command(context: click.Context, file: Path, username: str) -> None:
    """Keep the file, examine it, write its figures into the draft; exit codes as those of `check`."""
    content = content_of(file)
    with database():
        identity = identify_workbook(content, file.name, Expected())
        if isinstance(identity, NotRecognised):
            print_refusal(identity.code, identity.message, identity.advice)
            context.exit(UNUSABLE)
        key = SubmissionKey(identity.unit, Period.parse(identity.period), identity.form)
        with identity_transaction() as session:
            actor = actor_of(session, username, unit_code=key.unit)
        with transaction(actor) as session:
            upload_id = keep(session, actor, key, file.name, content)
        examination = process(key.unit, upload_id)
        print_examination(examination)
        if examination.outcome is Outcome.CHECKED:
            with transaction(actor) as session:
                saved = apply(session, actor, key, upload_id)
            say(f"{saved.changed} 个数写入 {key} 的草稿。", f"{saved.changed} figures written into the draft of {key}.")
    context.exit(exit_code(examination))
