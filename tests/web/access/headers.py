"""What every answer of the portal tells the browser, and what it must never tell it."""

import re
from collections.abc import Iterator

from werkzeug.test import TestResponse

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_POLICY = {
    "default-src": {"'self'"},
    "object-src": {"'none'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
    "form-action": {"'self'"},
    "connect-src": {"'self'"},
}
_EVERYTHING = re.compile(r"unsafe-inline|unsafe-eval|strict-dynamic|\*|https?:")
_NONCE = re.compile(r"'nonce-([A-Za-z0-9_-]{20,})'")
_INLINE = re.compile(r"<(?:script(?![^>]*\ssrc=)|style)\b[^>]*>")
_READABLE_BY_SCRIPTS = ("_csrf_token=",)
"""Cookies that a page's own script sends back."""


def faults(response: TestResponse) -> list[str]:
    """What is wrong with an answer's headers, its cookies, and the scripts and styles of its page."""
    return [*_header_faults(response), *_cookie_faults(response), *_nonce_faults(response)]


def policy(response: TestResponse) -> dict[str, set[str]]:
    """The content security policy, by directive."""
    directives = [part.split() for part in response.headers.get("Content-Security-Policy", "").split(";")]
    return {name: set(sources) for name, *sources in directives}


def nonce(response: TestResponse) -> str:
    """The nonce with which the page's own scripts run."""
    found = _NONCE.search(response.headers.get("Content-Security-Policy", ""))
    return found[1] if found else ""


def _header_faults(response: TestResponse) -> Iterator[str]:
    for name, value in _FIXED.items():
        if response.headers.get(name) != value:
            yield f"{name}: {response.headers.get(name)}"
    stated = policy(response)
    yield from (f"{name} {stated.get(name)}" for name, sources in _POLICY.items() if stated.get(name) != sources)
    if _EVERYTHING.search(response.headers.get("Content-Security-Policy", "")):
        yield "the policy lets in everything"
    for name in ("script-src", "style-src"):
        if stated.get(name) != {"'self'", f"'nonce-{nonce(response)}'"}:
            yield f"{name} {stated.get(name)}"
    # The web server sends no other, and the tests' client does.
    yield from (f"{name} is not ASCII" for name, value in response.headers.items() if not value.isascii())
    if "Cache-Control" not in response.headers:
        yield "nothing is said about keeping it"


def _cookie_faults(response: TestResponse) -> Iterator[str]:
    for cookie in response.headers.getlist("Set-Cookie"):
        attributes = {part.strip().partition("=")[0].lower(): part.partition("=")[2] for part in cookie.split(";")[1:]}
        if attributes.get("samesite") not in {"Lax", "Strict"}:
            yield f"other sites may send {cookie}"
        if "httponly" not in attributes and not cookie.startswith(_READABLE_BY_SCRIPTS):
            yield f"scripts may read {cookie}"
        if response.request.scheme == "https" and "secure" not in attributes:
            yield f"sent in the clear: {cookie}"


def _nonce_faults(response: TestResponse) -> Iterator[str]:
    if response.mimetype == "text/html":
        for tag in _INLINE.findall(response.text):
            if f'nonce="{nonce(response)}"' not in tag:
                yield f"would not run: {tag}"
        yield from (f"style attribute: {each}" for each in re.findall(r'<[^>]+\sstyle="[^"]+"', response.text))
        yield from (f"inline handler: {each}" for each in re.findall(r"<[^>]+\son[a-z]+=", response.text))
