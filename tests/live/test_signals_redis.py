"""Signals between real web processes through a real Redis, which may be killed: posts go on, and signals come back."""

import json
import time
from collections.abc import Iterator
from statistics import median

import pytest
import requests

from bench.chaos.proxy import FaultProxy
from tests.live.apps import App
from tests.live.redis_server import RedisServer, needs_redis
from tests.product import Product
from tests.stories.online import showing
from tests.world import Phone

pytestmark = needs_redis
NAMES = ("signals-1", "signals-2")
_SILENCE_S = "2"  # how long the processes bear it


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def addresses(product: Product, server: RedisServer) -> Iterator[list[str]]:
    yield product.start_other_webs(*NAMES, REDIS_URL=server.url)
    for name in NAMES:
        product.stop_part(name)


def online_at_last(watcher: App, person: Phone) -> None:
    """Once the processes have found each other again they tell who is online, within some seconds."""
    if not watcher.watches(person)[person.id]:
        assert watcher.tells("presence.changed")["online"] is True


def types_until_heard(typist: App, hearer: App, site: str) -> None:
    """Typing is told once in two seconds at most, and may be lost while Redis is away."""
    deadline = time.monotonic() + 120
    while "typing.started" not in hearer.kinds_so_far():
        assert time.monotonic() < deadline
        typist.types(site)
        typist.types(site, "stop")


def tasks_that_lost_redis(product: Product, name: str) -> set[str]:
    """What a web process has complained of."""
    said = (product.folder / f"{name}.log").read_text().splitlines()
    return {json.loads(line)["task"] for line in said if "signals_lost_redis" in line}


def test_signals_reach_the_other_process(product: Product, addresses: list[str], server: RedisServer) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    alice, bob = showing(org, "Alice", "Bob", scopes=[site])
    here, there = App(addresses[0], alice), App(addresses[1], bob)
    types_until_heard(here, there, site)
    there.watches(alice)
    here.close()
    assert there.tells("presence.changed")["online"] is False
    back = App(addresses[0], alice)
    assert there.tells("presence.changed")["online"] is True
    asked = {"Authorization": f"Bearer {bob.tokens['access_token']}"}
    told = requests.get(f"{addresses[1]}/v1/people/{alice.id}/presence", headers=asked, timeout=60).json()
    assert told["online"] is True
    (channel,) = server.channels()
    for forged in (b"", b"nonsense", b"x" * 32 + b'{"kind":"hello","process":"p"}', b"y" * 100_000):
        assert server.says(channel, forged) == len(NAMES)
    back.types(site)
    there.tells("typing.started")
    back.close()
    there.close()


def seconds_until_ready(address: str) -> float:
    """One may be slow because the machine is busy; many are because something holds them up."""
    asked = time.monotonic()
    assert requests.get(f"{address}/health/ready", timeout=60).ok
    return time.monotonic() - asked


def test_posts_go_on_while_redis_is_killed_and_signals_come_back(
    product: Product, addresses: list[str], server: RedisServer
) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    alice, bob = showing(org, "Alice", "Bob", scopes=[site])
    here, there = App(addresses[0], alice), App(addresses[1], bob)
    types_until_heard(here, there, site)
    heard = []
    for number in range(30):
        if number == 10:
            server.kill()
        org.admin.posts(site, f"word {number}")
        here.emit("typing.start", {"scope_id": site})
        heard.append(there.tells("post.created")["data"]["text"])
    assert heard == [f"word {number}" for number in range(30)]
    for address in addresses:
        assert median(seconds_until_ready(address) for _ in range(9)) < 1
    server.start()
    types_until_heard(here, there, site)
    online_at_last(there, alice)
    here.close()
    there.close()


def test_a_redis_that_falls_silent_holds_nothing_up(product: Product, server: RedisServer) -> None:
    """It takes connections and says nothing any more, as behind a router that forgot them."""
    proxy = FaultProxy(server.port)
    url = server.url.replace(f":{server.port}", f":{proxy.port}")
    names = ("silent-1", "silent-2")
    addresses = product.start_other_webs(*names, REDIS_URL=url, REDIS_SILENCE=_SILENCE_S)
    org = product.world.organisation()
    site = org.site(admission="assigned")
    alice, bob = showing(org, "Alice", "Bob", scopes=[site])
    here, there = App(addresses[0], alice), App(addresses[1], bob)
    types_until_heard(here, there, site)
    proxy.blackhole(True)
    deadline = time.monotonic() + 120
    posted, waited = 0, []
    while posted < 20 or tasks_that_lost_redis(product, names[0]) != {"send", "listen"}:
        assert time.monotonic() < deadline
        org.admin.posts(site, f"word {posted}")
        here.emit("typing.start", {"scope_id": site})
        assert there.tells("post.created")["data"]["text"] == f"word {posted}"
        posted += 1
        waited += [seconds_until_ready(address) for address in addresses]
    assert median(waited) < 1
    proxy.blackhole(False)
    types_until_heard(here, there, site)
    online_at_last(there, alice)
    for app in (here, there):
        app.close()
    for name in names:
        product.stop_part(name)
    proxy.close()
