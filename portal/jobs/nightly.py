"""What the worker does at night, when nobody reports."""

import logging

from portal.audit_key import load_key
from portal.config import Config
from portal.db import identity_transaction, read_one_moment, transaction
from portal.domain.sign_in import LIMITS
from portal.jobs.queue import app
from portal.queries import event_chain
from portal.queries.event_chain import list_chains, list_checkpoints
from portal.queries.people import portal_actor
from portal.queries.rollups.verification import verify
from portal.queries.units import list_units
from portal.services.checkpoints import make_checkpoint
from portal.services.sign_in_throttle import forget_old
from portal.services.trees import enter_into_force
from portal.services.web_sessions import remove_expired

log = logging.getLogger(__name__)


@app.periodic(cron="30 18 * * *")  # UTC: half past two in China
@app.task(queueing_lock="verify_rollups")
def verify_rollups(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature
    """Prove every stored roll-up by another road, and log the outcome: an error for each that differs."""
    with transaction(None) as session:
        portals = [portal_actor(session, unit.code) for unit in list_units(session) if not unit.parent_code]
    for portal in portals:
        with transaction(portal) as session:
            read_one_moment(session)
            compared, mismatches = verify(session, portal.place.root_id)
        for each in mismatches:
            log.error("roll-up differs under %s: %s", portal.place.code, each)
        log.info("%s: %d roll-ups compared, %d differ", portal.place.code, compared, len(mismatches))


@app.periodic(cron="1 16 * * *")  # UTC: a minute past midnight in China
@app.task(queueing_lock="enter_trees")
def enter_trees(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature
    """Let a reorganisation whose day has come change who sees what."""
    with transaction(None) as session:
        if enter_into_force(session):
            log.info("a tree came into force")


@app.periodic(cron="0 16 * * *")  # UTC: midnight in China
@app.task(queueing_lock="sign_checkpoints")
def sign_checkpoints(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature
    """Recompute every chain of events, and sign how far it has come; one that is broken is not signed but reported."""
    key = load_key(Config.load().audit_key_file)
    with transaction(None) as session:
        chains = list_chains(session)
    for chain in chains:
        with transaction(chain.watcher) as session:
            checkpoints = list_checkpoints(session, chain.root_id)
            length, broken = event_chain.verify(session, chain.root_id, checkpoints)
            if broken is None:
                make_checkpoint(session, chain.root_id, key)
        if broken is not None:
            log.error("the chain of %s is broken: %s", chain.root or "the portal", broken)
        log.info("%s: %d events", chain.root or "the portal", length)


@app.periodic(cron="50 18 * * *")
@app.task(queueing_lock="tidy_sign_ins")
def tidy_sign_ins(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature
    """Remove sessions that are over, and failures to sign in that count no longer."""
    with identity_transaction() as session:
        log.info("%d sessions over", remove_expired(session))
        for limit in LIMITS:
            forget_old(session, limit)
