"""ETag and If-Match: an edit names the version that it was made from."""

from flask import request

from base.errors import PreconditionMissing, Stale


def etag(version: int) -> dict[str, str]:
    """The header of an answer that shows a version."""
    return {"ETag": f'"{version}"'}


def check_if_match(version: int) -> None:
    """Raise `PreconditionMissing` (428) or `Stale` (412) unless the caller edits the present version."""
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionMissing
    if given.strip() != "*" and f'"{version}"' not in [tag.strip() for tag in given.split(",")]:
        raise Stale
