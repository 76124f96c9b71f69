"""A server that speaks clamd's INSTREAM."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.virus_scan import VirusScanner

SIGNATURE = b"HUIZONG-TEST-SIGNATURE"


@dataclass
class Clamd:
    """Where it listens, what it was shown, and the largest file that it takes."""

    scanner: VirusScanner
    seen: list[bytes] = field(default_factory=list)
    largest: int = 25 * 1024**2


@contextmanager
def running_clamd(path: Path | None = None) -> Iterator[Clamd]:
    """One at a free port, or at a socket in the file system."""
    clamd = Clamd(VirusScanner())

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert self.rfile.read(10) == b"zINSTREAM\0"
            content = b""
            while length := struct.unpack("!I", self.rfile.read(4))[0]:
                content += self.rfile.read(length)
            clamd.seen.append(content)
            self.wfile.write(_verdict(content, clamd.largest))

    server = (
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        if path is None
        else socketserver.ThreadingUnixStreamServer(str(path), Handler)
    )
    with server:
        clamd.scanner = VirusScanner(path=str(path)) if path else VirusScanner(*server.server_address)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield clamd
        finally:
            server.shutdown()
            thread.join()


def _verdict(content: bytes, largest: int) -> bytes:
    if len(content) > largest:
        return b"INSTREAM size limit exceeded. ERROR\0"
    return b"stream: Test.Signature FOUND\0" if SIGNATURE in content else b"stream: OK\0"
