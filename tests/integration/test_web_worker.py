"""What is no request is answered by the web server itself: shortly, with the portal's headers, repeating nothing."""

import os
import socket
import subprocess
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from portal.serving import web_command

STUB = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"an answer of the application"]
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Where the web server of the portal listens, with an application of one line behind it."""
    place = tmp_path_factory.mktemp("web")
    (place / "web_stub.py").write_text(STUB)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [*web_command(listener.fileno())[:-1], "web_stub:app"]
        paths = os.pathsep.join([str(place), str(Path(__file__).parents[2])])
        process = subprocess.Popen(command, pass_fds=(listener.fileno(),), env=os.environ | {"PYTHONPATH": paths})
        try:
            yield listener.getsockname()
        finally:
            process.terminate()
            process.wait(60)


def answer(address: tuple[str, int], request: bytes) -> tuple[HTTPResponse, str]:
    """The answer to these bytes."""
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection)
        response.begin()
        return response, response.read().decode()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /?q=" + b"secret" * 2000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"secret" * 2000 + b"\r\n\r\n", 431),
        (b"secret\r\n\r\n", 400),
        (b"GET / HTTP/7\r\nHost: secret\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nsecret header: b\r\n\r\n", 400),
    ],
    ids=["long address", "long header", "no request", "no such version", "no such header"],
)
def test_what_is_no_request_is_refused(address: tuple[str, int], request_: bytes, status: int) -> None:
    response, page = answer(address, request_)
    assert response.status == status
    assert "请求没有办理" in page
    assert "secret" not in page
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_long_address_of_a_browser_is_answered(address: tuple[str, int]) -> None:
    request = b"GET /?next=" + b"%E6%9F%A5" * 850 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert answer(address, request)[1] == "an answer of the application"
