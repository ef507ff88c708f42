"""Small answers for bad networks: JSON is sent as brotli or gzip to whom asks for it.

Pages of sync and bundles shrink to a fifth or less. Secrets are not at risk as they are on web pages (a page of
another site cannot make a phone send its bearer token), but tokens are short and never reach the least size anyway.
"""

import gzip

import brotli
from flask import Flask, Response, request

from base.work.offload import offload

LEAST, _MUCH = 1_000, 64 * 1024
_BROTLI_QUALITY = 4  # as quick as gzip's 6 and a tenth smaller; the best qualities cost twenty times as much
_GZIP_LEVEL = 6
_TYPES = ("application/json", "application/problem+json")


def register_compression(app: Flask) -> None:
    """Compress what every view answers, where it pays and the client can read it."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in _TYPES or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    coding = _coding()
    if coding is None or len(response.get_data()) < LEAST:
        return response
    body = response.get_data()
    # Both let other threads run meanwhile; a small answer is compressed sooner than a thread takes it.
    response.set_data(_encoded(body, coding) if len(body) < _MUCH else offload(_encoded, body, coding))
    response.headers["Content-Encoding"] = coding
    return response


def _coding() -> str | None:
    """What the client likes best of what we have; brotli where it likes both the same."""
    accepted = request.accept_encodings
    best = max(("br", "gzip"), key=accepted.quality)
    return best if accepted.quality(best) > 0 else None


def _encoded(body: bytes, coding: str) -> bytes:
    if coding == "br":
        return brotli.compress(body, quality=_BROTLI_QUALITY)
    return gzip.compress(body, compresslevel=_GZIP_LEVEL, mtime=0)
