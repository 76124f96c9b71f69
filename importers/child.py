"""The process that parses one upload: `python -m importers.child KIND HOW`, file on standard input, JSON lines out.

It has no database, no secrets and little memory; whatever a file does to it, the portal only loses the child.
"""

import json
import resource
import sys
from collections.abc import Iterator

from importers import limits
from importers.gate import FileKind
from importers.reader import read, read_rows
from importers.rows import ReadRow, row_line
from importers.wire import CELLS, END, FAILED, REFUSED, to_line
from portal.errors import WorkbookUnreadable

_LONGEST_TRACE = 4000


def main() -> None:
    """Read, stream, and say how it ended in the last line: `end`, `refused` or `failed`."""
    _limit_resources()
    kind, how = FileKind(sys.argv[1]), sys.argv[2]
    content = sys.stdin.buffer.read(limits.MAX_FILE_BYTES + 1)
    try:
        for line in _lines(content, kind, how):
            sys.stdout.write(line + "\n")
    except WorkbookUnreadable as refusal:
        _say(REFUSED, refusal.reason, refusal.place)
    except MemoryError:
        _say(REFUSED, "too_much_memory", "")
    except Exception:  # noqa: BLE001 (a defect of ours must reach the log of the portal, by the only way out)
        import traceback  # noqa: PLC0415 (nothing else needs it)

        _say(FAILED, traceback.format_exc()[-_LONGEST_TRACE:])
    else:
        _say(END)


def _lines(content: bytes, kind: FileKind, how: str) -> Iterator[str]:
    if how == CELLS:
        return (to_line(record) for record in read(content, kind))
    return (row_line(each) if isinstance(each, ReadRow) else to_line(each) for each in read_rows(content, kind))


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
