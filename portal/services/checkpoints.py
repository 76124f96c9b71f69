"""Sign how far a chain of events has come."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.checkpoints import GENESIS, Checkpoint, sign
from portal.models import PORTAL_CHAIN, Unit
from portal.models import Checkpoint as CheckpointRow
from portal.queries.event_chain import chain_head, list_checkpoints


def make_checkpoint(session: Session, root_id: int, key: Ed25519PrivateKey) -> Checkpoint:
    """Add a checkpoint of a chain as it is now. It is no event: it would be the first thing that it does not cover.

    Raises:
        Duplicate: another process made one at this moment.
        NotPermitted: the chain lies outside the transaction's scope.
    """
    root = session.get(Unit, root_id) if root_id != PORTAL_CHAIN else None
    made = list_checkpoints(session, root_id)
    head = chain_head(session, root_id)
    checkpoint = sign(
        key,
        root=root.code if root else "",
        number=len(made) + 1,
        length=head.length,
        link=head.hash,
        made_at=clock.now(),
        previous=made[-1].digest if made else GENESIS,
    )
    session.add(
        CheckpointRow(
            root_id=root_id,
            number=checkpoint.number,
            unit_id=root.id if root else None,
            unit_path=root.path if root else None,
            length=checkpoint.length,
            hash=checkpoint.hash,
            made_at=checkpoint.made_at,
            previous=checkpoint.previous,
            key=checkpoint.key,
            signature=checkpoint.signature,
        )
    )
    session.flush()
    return checkpoint
