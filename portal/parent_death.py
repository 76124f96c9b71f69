"""Ties the life of a child process to the life of its parent, where the kernel can do that (Linux)."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded here because nothing may be loaded between fork and exec.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` for `subprocess.Popen`: the kernel sends `number` to the child when the starting thread ends.

    It holds even if the parent is killed with SIGKILL. Start such children from a thread that lives as long as the
    parent does, in practice the main thread. Elsewhere than on Linux the child merely outlives its parent.
    """
    parent = os.getpid()

    def bind() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # the parent died before the line above: no signal will come any more
            os._exit(1)

    return bind
