"""Whether a chain of events is whole, and agrees with the checkpoints that were signed of it.

What is recomputed here is only what the chain holds; nothing that a link says of itself is believed.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.domain.checkpoints import GENESIS, Checkpoint
from portal.domain.event_kinds import is_private
from portal.domain.policy import Actor, Role
from portal.domain.units import Level, Place
from portal.models import PORTAL_CHAIN, Node, Unit
from portal.models import Checkpoint as CheckpointRow

_CHUNK = 2000
_BEFORE_ALL = -(2**31)
_DRAWN = ("unit", "in_place", "happened_at", "kind", "subject", "private", "actor", "address")
"""The columns that `read_chain` gives after the number and that an event's text tells."""


@dataclass(frozen=True)
class BrokenLink:
    """The first place where a chain is not what it was.

    Attributes:
        number: of the event.
        problem: altered, missing, inserted, reordered, not_linked or truncated.
        column: which column does not agree with the event's text, if that is what was altered.
        happened_at: what the event there says; None where there is none.
    """

    number: int
    problem: str
    column: str = ""
    happened_at: datetime | None = None


@dataclass(frozen=True)
class BrokenCheckpoint:
    """The first checkpoint that the chain does not agree with, or that is none.

    Attributes:
        problem: not_signed, unknown_key, missing, cut_off (the chain is shorter than it was) or rewritten.
    """

    checkpoint: Checkpoint
    problem: str


@dataclass(frozen=True)
class Head:
    """Where a chain ends."""

    length: int
    hash: str


def chain_head(session: Session, root_id: int) -> Head:
    """The end of a chain, without a look at what is in it."""
    query = text("select length, hash from chain_heads(:root)")
    row = session.execute(query, {"root": root_id}).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.length, row.hash)


@dataclass(frozen=True)
class Chain:
    """A chain of events.

    Attributes:
        root: code of its top unit; empty for the portal's own.
        watcher: the portal itself, in a scope that covers the chain.
    """

    root_id: int
    root: str
    watcher: Actor


def list_chains(session: Session) -> list[Chain]:
    """Every chain there may be, the portal's own first; also that of a top unit that is none any more."""
    tops = select(Node.unit_id).where(Node.parent_id.is_(None))
    roots = session.execute(select(Unit.id, Unit.code, Unit.path).where(Unit.id.in_(tops)).order_by(Unit.code))
    return [_chain(PORTAL_CHAIN, "", "", Role.SYSTEM_ADMIN)] + [_chain(*root) for root in roots]


def _chain(root_id: int, code: str, path: str, *roles: Role) -> Chain:
    place = Place(root_id, code, code, Level.PROVINCE, path, root_id)
    return Chain(root_id, code, Actor(None, "汇总系统", place, frozenset(roles)))


def verify(
    session: Session, root_id: int, checkpoints: Sequence[Checkpoint] = ()
) -> tuple[int, BrokenLink | BrokenCheckpoint | None]:
    """Recompute a chain; gives how many events it has, and the first that is wrong with it.

    It finds an altered, deleted, inserted or moved event, and a tail cut off behind the portal's back. What was cut off
    or rewritten together with the chain's own end disagrees with a checkpoint: those given are compared, in order.
    """
    anchors = {each.length for each in checkpoints}
    hashes: dict[int, str] = {0: GENESIS}
    number, previous = 0, GENESIS
    while True:
        for link, following in _pairs(_links(session, root_id, after=number or _BEFORE_ALL)):
            number += 1
            broken = _problem(link, following, number, previous)
            if broken:
                return number, broken
            previous = link.hash
            if number in anchors:
                hashes[number] = previous
        head = chain_head(session, root_id)
        if head.length <= number:
            break
        if not session.execute(
            text("select from read_chain(:root, :after, 1)"), {"root": root_id, "after": number}
        ).all():
            return number, BrokenLink(number + 1, "truncated")
    if (head.length, head.hash) != (number, previous):
        return number, BrokenLink(number, "inserted") if head.length < number else BrokenLink(number, "altered", "head")
    return number, _first_wrong(checkpoints, hashes)


def _links(session: Session, root_id: int, *, after: int) -> Iterator[Row[Any]]:
    """The chain's links in order, a chunk in memory at a time; those that are added meanwhile come along."""
    query = text("select * from read_chain(:root, :after, :limit)")
    while True:
        chunk = session.execute(query, {"root": root_id, "after": after, "limit": _CHUNK}).all()
        yield from chunk
        if len(chunk) < _CHUNK:
            return
        after = chunk[-1].number


def _pairs(links: Iterator[Row[Any]]) -> Iterator[tuple[Row[Any], Row[Any] | None]]:
    """Each link with the one after it."""
    link = next(links, None)
    while link is not None:
        following = next(links, None)
        yield link, following
        link = following


def _problem(link: Row[Any], following: Row[Any] | None, number: int, previous: str) -> BrokenLink | None:
    if link.number > number:
        return BrokenLink(number, "missing")
    if link.number < number:
        return BrokenLink(link.number, "inserted", happened_at=link.happened_at)
    if hashlib.sha256((link.previous_hash + link.body).encode()).hexdigest() != link.hash:
        return BrokenLink(number, "altered", happened_at=link.happened_at)
    if link.previous_hash != previous:
        moved = following is not None and following.previous_hash == previous and link.previous_hash == following.hash
        return BrokenLink(number, "reordered" if moved else "not_linked", happened_at=link.happened_at)
    column = _misdrawn(link)
    return BrokenLink(number, "altered", column, link.happened_at) if column else None


def _misdrawn(link: Row[Any]) -> str:
    """The first column that is not what the event's text says; empty if there is none."""
    try:
        body = json.loads(link.body)
        said = (
            body["unit"],
            True,
            datetime.fromisoformat(body["at"]),
            body["kind"],
            body["subject"],
            body.get("private", is_private(body["kind"])),  # events of before the column do not say
            body["actor"],
            body["address"],
        )
    except (ValueError, TypeError, KeyError):
        return "body"
    drawn = link[1 : 1 + len(said)]
    return (
        ""
        if drawn == said
        else next(name for name, one, other in zip(_DRAWN, drawn, said, strict=True) if one != other)
    )


def _first_wrong(checkpoints: Sequence[Checkpoint], hashes: Mapping[int, str]) -> BrokenCheckpoint | None:
    for each in checkpoints:
        if each.length not in hashes:
            return BrokenCheckpoint(each, "cut_off")
        if hashes[each.length] != each.hash:
            return BrokenCheckpoint(each, "rewritten")
    return None


def first_unsound(checkpoints: Sequence[Checkpoint], trusted: Collection[str]) -> BrokenCheckpoint | None:
    """The first of a chain's checkpoints that is not signed by a trusted key, or does not follow the one before."""
    previous = GENESIS
    for number, each in enumerate(checkpoints, start=1):
        if not each.signed:
            return BrokenCheckpoint(each, "not_signed")
        if each.key not in trusted:
            return BrokenCheckpoint(each, "unknown_key")
        if each.number != number or each.previous != previous:
            return BrokenCheckpoint(each, "missing")
        previous = each.digest
    return None


def list_checkpoints(session: Session, root_id: int) -> list[Checkpoint]:
    """The checkpoints that were made of a chain, first to last."""
    root = session.scalar(select(Unit.code).where(Unit.id == root_id)) or ""
    query = select(CheckpointRow).where(CheckpointRow.root_id == root_id).order_by(CheckpointRow.number)
    return [
        Checkpoint(root, row.number, row.length, row.hash, row.made_at, row.previous, row.key, row.signature)
        for row in session.scalars(query)
    ]
