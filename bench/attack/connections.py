"""Connections that are opened and left: half a head, half a body, nothing at all, more than there are descriptors."""

import http.client
import socket
import time

from bench.attack.case import Case
from bench.attack.stage import Kind, Stage

OPENED = 400  # the process has fewer descriptors
_ANSWER_S = 0.5
_HALF_HEAD = b"GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Slow: "
_HALF_BODY = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{"


def half_heads(stage: Stage) -> list[str]:
    """Heads that never end, more than the process has descriptors."""
    return _starved(stage, _HALF_HEAD)


def half_bodies(stage: Stage) -> list[str]:
    """Bodies that never come."""
    return _starved(stage, _HALF_BODY)


def silent(stage: Stage) -> list[str]:
    """Connections on which nothing is ever said."""
    return _starved(stage, b"")


def dripping(stage: Stage) -> list[str]:
    """A byte a second of a head and of a body: they are cut off all the same."""
    drips = [_opened(stage, start) for start in (_HALF_HEAD, _HALF_BODY) for _ in range(20)]
    deadline = time.monotonic() + 60
    while drips and time.monotonic() < deadline:
        drips = [one for one in drips if one is not None and _drips(one)]
        time.sleep(1)
    return [f"{len(drips)} connections drip after a minute"] if drips else []


def _starved(stage: Stage, start: bytes) -> list[str]:
    """Open too many; whoever comes meanwhile is answered, and that the server lives is always said."""
    found = []
    opened = [_opened(stage, start, f"127.0.4.{n % 50 + 1}") for n in range(OPENED)]
    for path in ("/health/live", "/v1/me") * 5:
        began = time.monotonic()
        status = _asks(stage, path)
        took = time.monotonic() - began
        if status not in (200, 401) or took > _ANSWER_S:
            found.append(f"{path} beside {OPENED} connections: {status} after {took:.1f} s")
    for one in opened:
        if one is not None:
            one.close()
    return found[:3]


def _opened(stage: Stage, start: bytes, source: str = "127.0.4.1") -> socket.socket | None:
    try:
        connection = socket.create_connection(("127.0.0.1", stage.port), 2, (source, 0))
        connection.sendall(start)
    except OSError:
        return None
    return connection


def _drips(connection: socket.socket) -> bool:
    """Whether it is still there after another byte."""
    try:
        connection.sendall(b"x")
        connection.settimeout(0.01)
        return connection.recv(4_096) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def _asks(stage: Stage, path: str) -> int:
    connection = http.client.HTTPConnection(
        "127.0.0.1", stage.port, timeout=5, source_address=("127.0.5.1", 0)
    )
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


CASES = (
    Case("connections.half_heads", half_heads, on=Kind.NARROW),
    Case("connections.half_bodies", half_bodies, on=Kind.NARROW),
    Case("connections.silent", silent, on=Kind.NARROW),
    Case("connections.dripping", dripping, on=Kind.NARROW),
)
