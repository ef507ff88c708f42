"""What is no request gets a problem, as whatever is refused does, although nobody can say of which route."""

import orjson


def _refusal(status: str, phrase: str, code: str, detail: str) -> bytes:
    problem = {
        "type": f"/errors#{code}",
        "title": phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    body = orjson.dumps(problem | {"errors": []})
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


REFUSALS = {
    status: _refusal(status, *words)
    for status, words in {
        "400": ("Bad Request", "bad_request", "The request cannot be understood."),
        "414": ("URI Too Long", "too_long", "The address of the request is too long."),
        "431": ("Request Header Fields Too Large", "head_too_large", "The head of the request is too large."),
    }.items()
}
"""Whole answers, by their status."""
