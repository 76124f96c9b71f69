"""Security headers, the same for our pages, the administration pages and the dashboards.

No page asks anything of another host and nothing inline runs without the nonce of its own page.
"""

import secrets

from flask import Flask, Response, g, request

# What a browser may apply from a style attribute: nothing but the empty one, which Dash's libraries set.
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self' 'nonce-{nonce}'",
        f"style-src-attr 'unsafe-hashes' {_EMPTY_STYLE}",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_A_YEAR = 31_536_000


def csp_nonce() -> str:
    """The nonce of the page being made; every `<script>` and `<style>` of ours carries it."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY.format(nonce=csp_nonce())
    response.headers.update(_FIXED)
    if request.endpoint and request.endpoint.endswith("static") and request.args.get("v"):
        response.cache_control.max_age = _A_YEAR
        response.cache_control.immutable = True
    elif "Cache-Control" not in response.headers:
        # Offices share computers: after signing out, the back button must not show figures.
        response.cache_control.no_store = True
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_A_YEAR}"
    return response


def install(app: Flask) -> None:
    """Send the headers with every response, and give templates `csp_nonce()`."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.after_request(_harden)
