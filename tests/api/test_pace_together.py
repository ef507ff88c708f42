"""Several web processes hold somebody to one pace, through a Redis that may go away or fall silent."""

import time
from collections.abc import Iterator
from statistics import median

import pytest
import requests

from bench.chaos.proxy import FaultProxy
from tests.live.redis_server import RedisServer, needs_redis
from tests.product import Product
from tests.world import Phone

pytestmark = needs_redis
NAMES = ("pace-1", "pace-2")
CODES = 60  # of one device at once


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def proxy(server: RedisServer) -> Iterator[FaultProxy]:
    proxy = FaultProxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def addresses(product: Product, server: RedisServer, proxy: FaultProxy) -> Iterator[list[str]]:
    """Two processes; what they say to Redis goes by the proxy."""
    yield product.start_other_webs(*NAMES, REDIS_URL=server.url.replace(f":{server.port}", f":{proxy.port}"))
    for name in NAMES:
        product.stop_part(name)


def guesses(phone: Phone, address: str) -> int:
    """The status of a code that is none."""
    token = {"Authorization": f"Bearer {phone.tokens['access_token']}"}
    path = f"{address}/v1/me/check-ins"
    return requests.post(path, json={"code": "nothing"}, headers=token, timeout=60).status_code


def heard_before_the_end(phone: Phone, addresses: list[str]) -> int:
    """How many guesses are heard, by turns, before both processes refuse."""
    heard = 0
    while True:
        told = [guesses(phone, address) for address in addresses]
        if told == [429, 429]:
            return heard
        heard += told.count(422)


def test_two_processes_do_not_hear_twice_as_many_guesses(product: Product, addresses: list[str]) -> None:
    org = product.world.organisation()
    assert CODES <= heard_before_the_end(org.person("Mallory"), addresses) <= CODES + 20


def test_without_redis_each_counts_for_itself_and_nobody_waits(
    product: Product, addresses: list[str], server: RedisServer, proxy: FaultProxy
) -> None:
    org = product.world.organisation()
    mallory, bob = org.person("Mallory"), org.person("Bob")
    guesses(bob, addresses[0])
    proxy.blackhole(True)
    waited = []
    for _ in range(20):
        began = time.monotonic()
        guesses(bob, addresses[0])
        waited.append(time.monotonic() - began)
    assert median(waited) < 0.5
    assert CODES <= heard_before_the_end(mallory, addresses) <= 2 * CODES + 2
    server.kill()
    proxy.blackhole(False)
    assert guesses(bob, addresses[1]) == 422
