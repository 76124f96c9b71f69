"""Two hundred sudden deaths of any process of the served portal, under load; prints what was killed and what was done."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.durability.kills import run

ROUNDS = int(os.environ.get("HUIZONG_KILL_ROUNDS", "200"))
SEED = int(os.environ.get("HUIZONG_KILL_SEED", "1"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_lost_by_two_hundred_kills(capsys: pytest.CaptureFixture[str]) -> None:
    def say(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    with tempfile.TemporaryDirectory(prefix="hz-kill-", dir="/tmp") as place:
        outcome = run(Path(place), ROUNDS, SEED, say)
    say(str(outcome))
    assert outcome.rounds == ROUNDS
