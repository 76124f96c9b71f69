"""The process that does the jobs. It imports every task, since it finds them by name."""

from portal import db
from portal.jobs import batches, nightly, queue, uploads

TASKS = (
    queue.retry_stalled,
    uploads.process_upload,
    batches.process_batch,
    nightly.verify_rollups,
    nightly.sign_checkpoints,
)


def run(url: str) -> None:
    """Do jobs until SIGTERM or SIGINT; a job in progress is finished first."""
    engine = db.connect(url)
    try:
        queue.work(url)
    finally:
        engine.dispose()
