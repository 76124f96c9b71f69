"""What the worker does at night, when nobody reports."""

import logging

from portal.db import transaction
from portal.jobs.queue import app
from portal.queries.people import portal_actor
from portal.queries.rollup_check import verify
from portal.queries.units import list_units

log = logging.getLogger(__name__)


@app.periodic(cron="30 18 * * *")  # UTC: half past two in China
@app.task(queueing_lock="verify_rollups")
def verify_rollups(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature
    """Prove every stored roll-up by another road, and log the outcome: an error for each that differs."""
    with transaction(None) as session:
        portals = [portal_actor(session, unit.code) for unit in list_units(session) if not unit.parent_code]
    for portal in portals:
        with transaction(portal) as session:
            compared, mismatches = verify(session, portal.place.root_id)
        for each in mismatches:
            log.error("roll-up differs under %s: %s", portal.place.code, each)
        log.info("%s: %d roll-ups compared, %d differ", portal.place.code, compared, len(mismatches))
