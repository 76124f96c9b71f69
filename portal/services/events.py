"""Record what happened. The chain's link is made at the very end of the transaction, because it takes a lock."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import clock, db
from portal.domain.policy import Actor


def record(
    session: Session,
    actor: Actor,
    kind: str,
    subject: str,
    *,
    unit_code: str,
    root_id: int,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an event to the transaction.

    Args:
        session: the transaction.
        actor: who did it.
        kind: past tense, e.g. `submission_accepted`.
        subject: what it happened to, e.g. `441802-2023-FZ`.
        unit_code: the unit whose event this is.
        root_id: the chain it belongs to.
        before: what was, as far as it changed.
        after: what is now.
    """
    body = {
        "at": clock.now().isoformat(),
        "kind": kind,
        "subject": subject,
        "unit": unit_code,
        "actor_id": actor.user_id,
        "actor": actor.name,
        "actor_unit": actor.place.code,
        "address": actor.address,
        "before": before or {},
        "after": after or {},
    }
    pending: dict[int, list[str]] = session.info.setdefault("events", {})
    pending.setdefault(root_id, []).append(canonical(body))
    db.before_commit(session, append)


def append(session: Session) -> None:
    """Write the pending events, chain by chain in order of id."""
    pending: dict[int, list[str]] = session.info.pop("events", {})
    for root_id in sorted(pending):
        session.execute(
            text("select append_events(:root, cast(:bodies as text[]))"), {"root": root_id, "bodies": pending[root_id]}
        )


def canonical(body: Mapping[str, Any]) -> str:
    """The one way an event is written as JSON: keys sorted, no spaces, Chinese as it is."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
