"""What the command line says when something stops it."""

import errno
import os

from portal.cli.refusals import sentence


def test_a_full_disk_behind_the_standard_output_is_no_file_called_none() -> None:
    said = sentence(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert said == ("不能读写 -：No space left on device", "cannot read or write -")
