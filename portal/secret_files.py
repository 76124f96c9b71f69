"""Files that hold a secret of the installation: made once, readable for their owner only."""

import os
from pathlib import Path


def make_once(path: Path, content: bytes) -> None:
    """Write the file, unless it is there: of several processes that try, the first one's content stays."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    try:
        path.hardlink_to(new)  # unlike a rename, never replaces what another process wrote meanwhile
    except FileExistsError:
        pass
    finally:
        new.unlink()
