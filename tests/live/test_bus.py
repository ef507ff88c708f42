"""The bus alone: what it does with a Redis that is away, silent or full of strangers' words."""

import socket
import time
from collections.abc import Iterator

import pytest

from live.bus import RedisBus

SECRET = "a secret for tests, thirty-two characters long"


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}"


def test_to_publish_waits_for_nothing_however_much_there_is(silent: str) -> None:
    bus = RedisBus(silent, SECRET)
    bus.start(lambda _: None, lambda: None)
    begun = time.monotonic()
    for number in range(10_000):
        bus.publish({"kind": "hello", "process": str(number)})
    assert time.monotonic() - begun < 2
    bus.stop()


def test_only_messages_made_with_the_secret_are_opened() -> None:
    bus, other = RedisBus("redis://", SECRET), RedisBus("redis://", SECRET[::-1])
    body = b'{"kind":"hello"}'
    sealed = bus._code(body) + body
    assert bus.opened(sealed) == {"kind": "hello"}
    assert other.opened(sealed) is None
    changed = bytes([sealed[0] ^ 1]) + sealed[1:]
    for forged in (b"", body, changed, sealed + b" ", bus._code(b"[]") + b"[]", sealed + b" " * 100_000):
        assert bus.opened(forged) is None
