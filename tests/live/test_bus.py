"""The bus alone: what it does with a Redis that is away, silent or full of strangers' words."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import orjson
import pytest
import redis

from live.redis_bus import RedisBus
from tests.live.redis_server import RedisServer, needs_redis

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
    assert time.monotonic() - begun < 60
    bus.stop()


def sealed(bus: RedisBus, **message: Any) -> bytes:
    """A message as the bus would send it."""
    body = orjson.dumps({"kind": "hello", "process": "p", "number": 1, "at": time.time(), **message})
    return bus._code(body) + body


def test_only_messages_made_with_the_secret_are_opened() -> None:
    bus, other = RedisBus("redis://", SECRET), RedisBus("redis://", SECRET[::-1])
    good = sealed(bus)
    changed = bytes([good[0] ^ 1]) + good[1:]
    body = good[32:]
    for forged in (b"", body, changed, good + b" ", bus._code(b"[]") + b"[]", good + b" " * 100_000):
        assert bus.opened(forged) is None
    assert other.opened(good) is None
    opened = bus.opened(good)
    assert opened is not None
    assert opened["kind"] == "hello"


def test_nobody_says_again_what_one_of_us_has_said() -> None:
    bus = RedisBus("redis://", SECRET)
    first, second, third = (sealed(bus, number=number) for number in (1, 2, 3))
    heard = [bus.opened(said) is not None for said in (first, first, third, second, third)]
    assert heard == [True, False, True, False, False]
    assert bus.opened(sealed(bus, process="q")) is not None
    assert bus.opened(sealed(bus, process="r", at=time.time() - 31)) is None
    assert bus.opened(sealed(bus, process="r", at=time.time() + 31)) is None
    for nonsense in ({"process": 5}, {"number": "4"}, {"number": None}, {"at": "now"}, {"at": None}):
        assert bus.opened(sealed(bus, **{"number": 4, **nonsense})) is None


def test_processes_that_went_are_forgotten() -> None:
    bus = RedisBus("redis://", SECRET)
    begun = time.time()
    with pytest.MonkeyPatch.context() as patch:
        for number in range(100):
            patch.setattr("time.time", lambda now=begun + number: now)
            assert bus.opened(sealed(bus, process=f"{number}")) is not None
    assert len(bus._heard) <= 32


@needs_redis
def test_who_we_are_is_told_once_what_waited_was_dropped(tmp_path: Path) -> None:
    """Else the introduction, which the listening task may be the first to ask for, could be dropped with the rest."""
    server = RedisServer(tmp_path)
    bus, other = RedisBus(server.url, SECRET), RedisBus(server.url, SECRET)
    for old in range(50):
        bus.publish({"kind": "old", "process": "p", "old": old})
    client = redis.Redis.from_url(server.url)
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(bus._channel)
        subscription.get_message(timeout=60)

        def introduced() -> None:
            bus.publish({"kind": "here", "process": "p"})

        sender = gevent.spawn(bus._send, client, introduced)
        sender.join(timeout=0.1)  # until it waits for more
        said = subscription.get_message(timeout=60)
    assert said is not None
    opened = other.opened(said["data"])
    assert opened is not None
    assert opened["kind"] == "here"
    sender.kill()
    client.close()
    server.kill()
