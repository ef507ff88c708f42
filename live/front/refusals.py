"""What is no request, or has no room, gets a problem as whatever is refused does, although no route is known."""

import orjson

from base import ids

_WORDS = {
    "400": ("Bad Request", "bad_request", "The request cannot be understood."),
    "414": ("URI Too Long", "too_long", "The address of the request is too long."),
    "431": ("Request Header Fields Too Large", "head_too_large", "The head of the request is too large."),
    "503": ("Service Unavailable", "unavailable", "There is no room for another connection."),
}
REFUSED = frozenset(_WORDS)
MEDIA = "application/problem+json"


def problem(status: str) -> bytes:
    """The body of a refusal."""
    title, code, detail = _WORDS[status]
    told = {"type": f"/errors#{code}", "title": title, "status": int(status), "detail": detail, "code": code}
    return orjson.dumps(told | {"request_id": str(ids.new_id()), "errors": []})


def refusal(status: str) -> bytes:
    """A whole answer, after which the connection ends."""
    body = problem(status)
    head = f"HTTP/1.1 {status} {_WORDS[status][0]}\r\nConnection: close\r\nContent-Type: {MEDIA}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
