"""Whatever is killed, whenever: records stay sound, what was told to be done is done, and nothing is done twice.

The suite kills a few times, `script/bench -k kills` two hundred times. HUIZONG_KILL_ROUNDS says how often, and
HUIZONG_KILL_SEED which random run.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.durability.kills import run

ROUNDS = int(os.environ.get("HUIZONG_KILL_ROUNDS", "8"))
SEED = int(os.environ.get("HUIZONG_KILL_SEED", "1"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_lost_by_sudden_death() -> None:
    with tempfile.TemporaryDirectory(prefix="hz-kill-", dir="/tmp") as place:
        outcome = run(Path(place), ROUNDS, SEED)
    assert outcome.rounds == ROUNDS
    assert outcome.done
