"""The web server's worker, with an answer of ours to what is no request and never reaches the application."""

import socket
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

_STATUS = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}

_PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>汇总</title>
<h1>请求没有办理</h1>
<p>网址太长，或者不是浏览器发来的请求。请<a href="/">回首页</a>重新打开。</p>
<p lang="en">The address is too long, or this is no request of a browser. <a href="/">Start again</a>.</p>
</html>
"""

_HEADERS = (
    "Connection: close",
    "Content-Type: text/html; charset=utf-8",
    "Cache-Control: no-store",
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options: nosniff",
)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's worker with threads; its own error page repeats what was sent, and has none of our headers."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:  # noqa: ARG002 - gunicorn's
        """Answer, and log what was wrong."""
        if isinstance(exc, ParseException):
            status = _STATUS.get(type(exc), HTTPStatus.BAD_REQUEST)
            self.log.warning("no request from %s: %s", addr, exc)
        else:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            self.log.error("a request from %s could not be answered", addr, exc_info=exc)
        body = _PAGE.encode()
        head = (f"HTTP/1.1 {status.value} {status.phrase}", *_HEADERS, f"Content-Length: {len(body)}", "", "")
        with suppress(OSError):  # nobody is there any more
            util.write_nonblock(client, "\r\n".join(head).encode() + body)
