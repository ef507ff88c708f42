"""Processes that count together, through a Redis that may be away."""

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from base.counting.buckets import Buckets, Limit
from base.counting.shared_buckets import SharedBuckets
from tests.live.redis_server import RedisServer, needs_redis

SECRET = "a secret for tests, thirty-two characters long"
LIMIT = Limit("knock", 100, 3_600.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    running = RedisServer(tmp_path)
    yield running
    running.kill()


@pytest.fixture
def process() -> Iterator[Callable[..., Buckets]]:
    """Makes what a process counts with."""
    made: list[SharedBuckets] = []

    def one(url: str, secret: str = SECRET) -> Buckets:
        buckets = Buckets()
        made.append(SharedBuckets(buckets, url, secret))
        return buckets

    yield one
    for shared in made:
        shared.stop()


@pytest.fixture
def hole() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}"


def left(buckets: Buckets, who: int | str = "bob") -> int:
    """How many there are yet, after one more."""
    room_s = buckets.look(LIMIT, who)
    return LIMIT.left(room_s + LIMIT.each_s) if room_s >= 0 else 0


def until(true: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def owed_s(server: RedisServer) -> float:
    """The greatest debt that Redis knows of, in seconds."""
    client = redis.Redis.from_url(server.url)
    owed = max((client.pttl(key) for key in client.keys("*")), default=0)
    client.close()
    return owed / 1_000


def told(server: RedisServer) -> int:
    """How many keys Redis has."""
    client = redis.Redis.from_url(server.url)
    count = client.dbsize()
    client.close()
    return int(count)


def comes_to(buckets: Buckets, expected: int, who: int | str = "bob") -> None:
    """A process comes to know that so many are left."""
    until(lambda: left(buckets, who) == expected)


@needs_redis
def test_what_one_process_gave_another_does_not_give_again(
    server: RedisServer, process: Callable[..., Buckets]
) -> None:
    one, other = process(server.url), process(server.url)
    for _ in range(60):
        one.take(LIMIT, "bob")
    until(lambda: owed_s(server) > 59 * LIMIT.each_s)
    other.take(LIMIT, "bob")
    comes_to(other, 39)
    assert left(other, "carol") == 100


@needs_redis
def test_what_two_gave_at_once_is_paid_back(server: RedisServer, process: Callable[..., Buckets]) -> None:
    one, other = process(server.url), process(server.url)
    for _ in range(100):
        one.take(LIMIT, "bob")
        other.take(LIMIT, "bob")
    until(lambda: min(one.look(LIMIT, "bob"), other.look(LIMIT, "bob")) < -3_500)


@needs_redis
def test_what_is_put_back_others_may_take(server: RedisServer, process: Callable[..., Buckets]) -> None:
    one, other = process(server.url), process(server.url)
    one.take(LIMIT, "bob", 60)
    one.put_back(LIMIT, "bob", 40)
    until(lambda: 0 < owed_s(server) < 21 * LIMIT.each_s)
    one.put_back(LIMIT, "bob", 60)  # more than there was
    until(lambda: owed_s(server) == 0)
    other.take(LIMIT, "bob")
    comes_to(other, 99)


@needs_redis
def test_many_keys_are_told_in_parts(server: RedisServer, process: Callable[..., Buckets]) -> None:
    one, other = process(server.url), process(server.url)
    for who in range(1_800):
        one.take(LIMIT, who, 10)
    until(lambda: told(server) == 1_800)
    for who in (0, 700, 1_799):
        other.take(LIMIT, who)
        comes_to(other, 89, who)


@needs_redis
def test_nothing_in_redis_tells_who_it_was_and_it_goes_by_itself(
    server: RedisServer, process: Callable[..., Buckets]
) -> None:
    one = process(server.url)
    one.take(LIMIT, "192.0.2.7")
    client = redis.Redis.from_url(server.url)
    until(lambda: client.keys("*"))
    (key,) = client.keys("*")
    assert b"192.0.2.7" not in key
    assert 0 < client.pttl(key) <= 36_000
    client.close()


@needs_redis
def test_another_installation_on_the_same_redis_counts_apart(
    server: RedisServer, process: Callable[..., Buckets]
) -> None:
    one, stranger = process(server.url), process(server.url, SECRET[::-1])
    for _ in range(60):
        one.take(LIMIT, "bob")
    until(lambda: owed_s(server) > 59 * LIMIT.each_s)
    stranger.take(LIMIT, "bob")
    until(lambda: told(server) == 2)
    assert left(stranger) == 99


@needs_redis
def test_it_goes_on_alone_while_redis_is_away_and_together_when_it_is_back(
    server: RedisServer, process: Callable[..., Buckets]
) -> None:
    one, other = process(server.url), process(server.url)
    one.take(LIMIT, "bob")
    until(lambda: told(server) == 1)
    other.take(LIMIT, "bob")
    comes_to(other, 98)
    server.kill()
    assert sum(one.take(LIMIT, "carol") >= 0 for _ in range(150)) == 100
    server.start()
    fresh = map(str, itertools.count())

    def other_hears() -> bool:
        who = next(fresh)
        one.take(LIMIT, who)
        time.sleep(0.1)
        other.take(LIMIT, who)
        time.sleep(0.1)
        return left(other, who) == 98

    until(other_hears)


@pytest.mark.parametrize("nowhere", [False, True])
def test_nobody_waits_for_a_redis_that_never_answers(
    hole: str, nowhere: bool, process: Callable[..., Buckets]
) -> None:
    one = process("redis://127.0.0.1:1" if nowhere else hole)
    began = time.monotonic()
    for who in range(20_000):
        one.take(LIMIT, who)
    assert time.monotonic() - began < 30
    assert sum(one.take(LIMIT, "bob") >= 0 for _ in range(150)) == 100
