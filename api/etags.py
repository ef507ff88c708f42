"""ETag, If-Match and If-None-Match: an edit names the version that it was made from, a reader the one that it has."""

import hashlib
from typing import Any

import orjson
from flask import request

from api.answers import Answer
from base.errors import PreconditionMissing, Stale
from journal.waiters import Waiting


def etag(version: int | str) -> dict[str, str]:
    """The header of an answer that shows a version."""
    return {"ETag": f'"{version}"'}


def digest_of(body: dict[str, Any]) -> str:
    """The version of a thing that is changed in many ways and counts none of them: what is shown of it."""
    return hashlib.sha256(orjson.dumps(body)).hexdigest()[:32]


def check_if_match(version: int | str) -> None:
    """Raise `PreconditionMissing` (428) or `Stale` (412) unless the caller edits the present version."""
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionMissing
    if given.strip() != "*" and f'"{version}"' not in [tag.strip() for tag in given.split(",")]:
        raise Stale


def conditional(body: dict[str, Any], *, waiting: Waiting | None = None) -> Answer:
    """An answer whose ETag is its content's digest, or 304 without a body where the caller has just that.

    The tag is weak: compressed or not, it is the same answer.
    """
    content = orjson.dumps(body)
    digest = hashlib.sha256(content).hexdigest()[:32]
    headers = {"ETag": f'W/"{digest}"', "Cache-Control": "private, no-cache"}
    if request.if_none_match.contains_weak(digest):
        return Answer(None, 304, headers, waiting=waiting)
    return Answer(headers=headers, content=content, waiting=waiting)
