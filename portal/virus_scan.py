"""Files from outside are shown to a virus scanner where the installation names one: ClamAV's daemon, at its socket.

Protocol: `INSTREAM` of clamd(8): chunks, each after its length in four bytes, an empty one at the end, one line back.
"""

import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from portal.environment import ConfigInvalid
from portal.errors import PortalError

SETTING = "HUIZONG_CLAMAV"
_CHUNK = 256 * 1024
_SECONDS = 30
_LONGEST_REPLY = 4096


class VirusFound(PortalError):
    """The scanner knows the file as malicious, by this name."""

    code = "infected"

    def __init__(self, name: str) -> None:
        super().__init__(f"infected: {name}")
        self.name = name


class ScannerUnavailable(PortalError):
    """The scanner did not answer, or not with yes or no. No file is taken in unseen."""

    code = "scanner_unavailable"


@dataclass(frozen=True)
class VirusScanner:
    """A clamd. `host` is empty for a socket in the file system, which `path` names then."""

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "VirusScanner | None":
        """The one that HUIZONG_CLAMAV names, as `host:port` or `unix:/path`; None where nothing is to be scanned.

        Raises:
            ConfigInvalid: it is neither.
        """
        text = environ.get(SETTING, "")
        if not text:
            return None
        if text.startswith("unix:/"):
            return cls(path=text.removeprefix("unix:"))
        host, _colon, port = text.rpartition(":")
        if not host or not (port.isascii() and port.isdecimal() and 0 < int(port) <= 65535):  # noqa: PLR2004 - the last port there is
            raise ConfigInvalid(f"{SETTING} must be host:port or unix:/path, not {text!r}")
        return cls(host.strip("[]"), int(port))

    def check(self, file: IO[bytes]) -> None:
        """Nothing, if the scanner has nothing against the file, which is left at its beginning.

        Raises:
            VirusFound: it has.
            ScannerUnavailable: it could not be asked, or says something else, as of a file larger than its limit.
        """
        try:
            reply = self._ask(file)
        except OSError as error:
            raise ScannerUnavailable(str(error)) from error
        if reply.endswith(" FOUND"):
            raise VirusFound(reply.removeprefix("stream: ").removesuffix(" FOUND"))
        if not reply.endswith(" OK"):
            raise ScannerUnavailable(reply)

    def _ask(self, file: IO[bytes]) -> str:
        file.seek(0)
        with self._connected() as connection:
            with suppress(BrokenPipeError, ConnectionResetError):  # it has heard enough, and says why
                connection.sendall(b"zINSTREAM\0")
                while chunk := file.read(_CHUNK):
                    connection.sendall(struct.pack("!I", len(chunk)) + chunk)
                connection.sendall(struct.pack("!I", 0))
            file.seek(0)
            reply = b""
            while not reply.endswith(b"\0") and len(reply) < _LONGEST_REPLY:
                received = connection.recv(_LONGEST_REPLY)
                if not received:
                    break
                reply += received
        return reply.rstrip(b"\0\n").decode(errors="replace")

    def _connected(self) -> socket.socket:
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout=_SECONDS)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_SECONDS)
        try:
            connection.connect(self.path)
        except OSError:
            connection.close()
            raise
        return connection
