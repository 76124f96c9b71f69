"""`huizong audit`: find a change behind the portal's back, and sign how far the record has come."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click

from portal.audit_key import load_key
from portal.cli.command import Group
from portal.cli.connection import config, database
from portal.cli.words import Line, both, say
from portal.clock import CHINA
from portal.db import transaction
from portal.domain.checkpoints import Checkpoint, CheckpointFile, public_key, read_checkpoints, write_checkpoints
from portal.errors import NotFound
from portal.queries import event_chain
from portal.queries.event_chain import BrokenCheckpoint, BrokenLink, Chain, list_chains, list_checkpoints
from portal.services.checkpoints import make_checkpoint

_LINKS: dict[str, Line] = {
    "altered": ("它的内容被改动", "it was altered"),
    "missing": ("它被删除", "it was deleted"),
    "inserted": ("它不是门户写入的", "it was inserted"),
    "reordered": ("它与下一条调换了位置", "it was exchanged with the next"),
    "not_linked": (
        "它与上一条不相连，此处有增删或调换",
        "it does not follow the one before: inserted, deleted or moved",
    ),
    "truncated": ("从它起的末尾被截掉", "it and all after it were cut off"),
}
_CHECKPOINTS: dict[str, Line] = {
    "not_signed": ("签名不对", "its signature is wrong"),
    "unknown_key": ("由不认识的密钥签名", "it is signed by a key that is not known here"),
    "missing": ("之前的检查点缺失", "one before it is missing"),
    "cut_off": ("事件链比当时短，末尾被截掉", "the chain is shorter than it was: its tail was cut off"),
    "rewritten": ("当时最后一条的哈希不同，事件链被重写", "its last event had another hash: the chain was rewritten"),
}


@click.group("audit", cls=Group, help="事件链 / the chain of events")
def command() -> None:
    """The noun."""


@dataclass(frozen=True)
class _Verdict:
    chain: Chain
    length: int
    checkpoints: int
    broken: BrokenLink | BrokenCheckpoint | None


@command.command("verify", help="逐条核对事件链和检查点 / recompute the chains, compare them with their checkpoints")
@click.option("--root", help="只核对这个顶级单位的链 / only the chain of this top unit")
@click.option(
    "--checkpoints",
    "file",
    type=click.File(encoding="utf-8"),
    help="另存的检查点文件 / checkpoints exported earlier and kept elsewhere",
)
@click.pass_context
def verify(context: click.Context, root: str | None, file: IO[str] | None) -> None:
    """Exit code 1 if anything was altered, deleted, inserted, moved, cut off or rewritten; names the first place."""
    kept = read_checkpoints(file.read()) if file else None
    trusted = {public_key(load_key(config().audit_key_file))} | ({kept.public_key} if kept else set())
    began, events, sound = time.perf_counter(), 0, True
    with database():
        for chain in _chains(root, kept):
            verdict = _verdict(chain, kept, trusted)
            click.echo(_told(verdict))
            events += verdict.length
            sound = sound and verdict.broken is None
    seconds = time.perf_counter() - began
    speed = events / seconds
    say(
        f"共 {events} 条，{seconds:.1f} 秒，每秒 {speed:.0f} 条。",
        f"{events} events in {seconds:.1f} s, {speed:.0f}/s.",
    )
    if not sound:
        context.exit(1)


@command.command("checkpoint", help="签署检查点并导出全部 / sign a checkpoint of each chain, and export them all")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="JSON 行 / JSON lines")
def checkpoint(output: Path | None) -> None:
    """Without a file the checkpoints go to the standard output. Keep them on another machine."""
    key = load_key(config().audit_key_file)
    found: list[Checkpoint] = []
    with database():
        for chain in _chains(None, None):
            with transaction(chain.watcher) as session:
                make_checkpoint(session, chain.root_id, key)
                found += list_checkpoints(session, chain.root_id)
    lines = "".join(f"{line}\n" for line in write_checkpoints(public_key(key), found))
    if output is None:
        click.echo(lines, nl=False)
    else:
        output.write_text(lines, encoding="utf-8")
        say(f"已写出 {output}，请存到别的机器上。", f"{output} is written: keep it on another machine.")


def _chains(root: str | None, kept: CheckpointFile | None) -> Sequence[Chain]:
    """The chains to look at.

    Raises:
        NotFound: there is none of that top unit, or of one that a kept checkpoint names.
    """
    with transaction(None) as session:
        chains = list_chains(session)
    there = {chain.root for chain in chains}
    named = {root} if root else {each.root for each in kept.checkpoints} if kept else set()
    for code in sorted(named - there):
        raise NotFound("chain", code)
    return [chain for chain in chains if root in {None, chain.root}]


def _verdict(chain: Chain, kept: CheckpointFile | None, trusted: set[str]) -> _Verdict:
    outside = [each for each in kept.checkpoints if each.root == chain.root] if kept else []
    with transaction(chain.watcher) as session:
        stored = list_checkpoints(session, chain.root_id)
        unsound = event_chain.first_unsound(stored, trusted) or event_chain.first_unsound(outside, trusted)
        length, broken = event_chain.verify(session, chain.root_id, [*stored, *outside])
    return _Verdict(chain, length, len(stored) + len(outside), broken or unsound)


def _told(verdict: _Verdict) -> str:
    name = both(("门户", "the portal")) if not verdict.chain.root else verdict.chain.root
    broken = verdict.broken
    if broken is None:
        count = verdict.checkpoints
        line = (
            f"{verdict.length} 条事件，{count} 个检查点，完整。",
            f"{verdict.length} events, {count} checkpoints, unbroken.",
        )
        return f"{name}：{both(line)}"
    if isinstance(broken, BrokenCheckpoint):
        said, of = _CHECKPOINTS[broken.problem], broken.checkpoint
        at = f"{of.made_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
        line = (
            f"{at} 的第 {of.number} 个检查点（{of.length} 条）不符：{said[0]}。",
            f"checkpoint {of.number} of {at} ({of.length} events) disagrees: {said[1]}.",
        )
        return f"{name}：{both(line)}"
    said = _LINKS[broken.problem]
    at = f"（{broken.happened_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}）" if broken.happened_at else ""
    column = f"（{broken.column}）" if broken.column else ""
    line = (
        f"事件链在第 {broken.number} 条断开{at}：{said[0]}{column}。",
        f"the chain is broken at event {broken.number} ({broken.problem}): {said[1]}.",
    )
    return f"{name}：{both(line)}"
