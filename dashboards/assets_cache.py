"""Static files of the dashboards and of Dash: sent compressed, and kept by browsers for ever.

Their addresses change with their content. Dash itself neither compresses nor keeps what is in `assets`.
"""

import gzip
from functools import cache, lru_cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, request

from dashboards.parts import ROOT

FOLDER = Path(__file__).parent / "assets"
PLOTLY = "plotly.portal.min.js"

_ASSETS = f"{ROOT}assets/"
_SUITES = f"{ROOT}_dash-component-suites/"
_A_YEAR = 31_536_000
_TEXTS = frozenset({"text/javascript", "application/javascript", "text/css", "application/geo+json"})
_FILES_KEPT = 64  # compressed, in memory: all there are


@cache
def asset_url(name: str) -> str:
    """The address of a file in `assets`."""
    return f"{_ASSETS}{name}?v={sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}"


def install(app: Flask) -> None:
    """Let browsers keep files that were asked for by version, and send all of them compressed."""
    app.after_request(_keep)
    app.after_request(_compress)


def _keep(response: Response) -> Response:
    if request.path.startswith(_ASSETS) and (request.args.get("v") or request.args.get("m")):
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = _A_YEAR
        response.cache_control.immutable = True
    return response


def _compress(response: Response) -> Response:
    """Program code and boundaries only: compressing answers with figures would let their length give them away."""
    if not request.path.startswith((_ASSETS, _SUITES)) or response.mimetype not in _TEXTS:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == HTTPStatus.OK and request.accept_encodings["gzip"] and not response.content_encoding:
        response.direct_passthrough = False
        response.set_data(_compressed(response.get_data()))
        response.content_encoding = "gzip"
        tag, _weak = response.get_etag()
        if tag:
            response.set_etag(tag, weak=True)  # the same file, but not the same bytes
    return response


@lru_cache(maxsize=_FILES_KEPT)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
