"""The process that parses one upload: `python -m importers.child KIND`, file on standard input, JSON lines out.

It has no database, no secrets and little memory; whatever a file does to it, the portal only loses the child.
"""

import json
import resource
import sys
import traceback

from importers import limits
from importers.gate import FileKind
from importers.reader import read
from importers.wire import END, FAILED, REFUSED, to_line
from portal.errors import WorkbookUnreadable

_LONGEST_TRACE = 4000


def main() -> None:
    """Read, stream, and say how it ended in the last line: `end`, `refused` or `failed`."""
    _limit_resources()
    kind = FileKind(sys.argv[1])
    content = sys.stdin.buffer.read(limits.MAX_FILE_BYTES + 1)
    try:
        for record in read(content, kind):
            sys.stdout.write(to_line(record) + "\n")
    except WorkbookUnreadable as refusal:
        _say(REFUSED, refusal.reason, refusal.place)
    except MemoryError:
        _say(REFUSED, "too_much_memory", "")
    except Exception:  # noqa: BLE001 (a defect of ours must reach the log of the portal, by the only way out)
        _say(FAILED, traceback.format_exc()[-_LONGEST_TRACE:])
    else:
        _say(END)


def _say(*words: str) -> None:
    sys.stdout.write(json.dumps(words, ensure_ascii=False) + "\n")


def _limit_resources() -> None:
    for limit, value in (
        (resource.RLIMIT_AS, limits.CHILD_MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, limits.CHILD_OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    # The soft limit sends SIGXCPU, by which the parent knows; the hard one kills.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.CHILD_CPU_SECONDS, limits.CHILD_CPU_SECONDS + 5))


if __name__ == "__main__":
    main()
