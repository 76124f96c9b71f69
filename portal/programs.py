"""Other programs of this machine, each for one task and a limited time."""

import subprocess

from portal.errors import ProgramMissing

_SECONDS = 120


def run(program: str, command: list[str], *, given: bytes = b"") -> bytes:
    """What `command` wrote to its standard output; `given` is its standard input.

    Raises:
        ProgramMissing: the command failed, or took longer than two minutes; `program` is its name for people.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the callers' commands hold no word of a user
            command, input=given, capture_output=True, timeout=_SECONDS, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        raise ProgramMissing(program, (failure.stderr or b"").decode(errors="replace")[-500:]) from failure
    return done.stdout
