"""`make bench-live`: sockets, from a journal event or a request to every listener, beside Node's socket.io.

Where product and peer are compared, the server that is measured has core 0 for itself; listeners, PostgreSQL and the
relay share core 1. They are measured in turns, by the same listeners, and medians are told. What goes through all
processes (a request to every socket, the relay) has all cores. Everything runs on 127.0.0.1 and ends by itself.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.live_http import post_to_journal, posts_to_sockets, relay_speed
from bench.live_world import (
    OTHER_CORE,
    SERVER_CORE,
    Ears,
    Peer,
    cpu_seconds,
    post_payload,
    publish,
    rss,
    signed_in,
    without_the_worker,
)
from bench.report import report
from bench.stage import running_product
from tests.product import Product
from tests.world import Organisation

ROUNDS = 5
ROOMS = {100: 1_000, 500: 200, 1_500: 80}  # sockets: posts a round
LONE = {100: 100, 500: 60, 1_500: 30}  # short rounds: the side whose turn it is not answers no pings
IDLE = 10_000


PINNED, FREE = ("rooms", "lone", "idle"), ("http", "relay")


def main() -> None:
    """All benchmarks of the live server."""
    chosen, everywhere = sys.argv[1:] or [*PINNED, *FREE], os.sched_getaffinity(0)
    if not set(chosen).isdisjoint(PINNED):
        os.sched_setaffinity(0, OTHER_CORE)
        with running_product() as (_, product):
            os.sched_setaffinity(product.pid("web"), SERVER_CORE)
            on_one_core(product, chosen)
        os.sched_setaffinity(0, everywhere)
    if not set(chosen).isdisjoint(FREE):
        with running_product() as (_, product):
            on_all_cores(product, chosen)


def on_one_core(product: Product, chosen: list[str]) -> None:
    """What is compared with the peer, or is about one process."""
    org = product.world.organisation()
    sites = [org.site(admission="assigned"), org.site(admission="assigned")]
    tokens = signed_in(org, IDLE if "idle" in chosen else max(ROOMS), sites)
    with without_the_worker(product):
        if "rooms" in chosen:
            for sockets, posts in ROOMS.items():
                rooms(product, org, sites, tokens[:sockets], posts)
        if "lone" in chosen:
            for sockets, posts in LONE.items():
                lone(product, org, sites[:1], tokens[:sockets], posts)
        if "idle" in chosen:
            idle(product, org, sites[0], tokens)


def on_all_cores(product: Product, chosen: list[str]) -> None:
    """What goes through every process of the product."""
    org = product.world.organisation()
    site = org.site(admission="assigned")
    if "http" in chosen:
        posts_to_sockets(product, org, site, signed_in(org, 500, [site]))
    if "relay" in chosen:
        post_to_journal(product, org, site)
        relay_speed(product, org, site)


class Speeds:
    """Deliveries a second of one server to one audience, by the clock and by the server's own computing time."""

    def __init__(self, pid: int, ears: Ears, due: int) -> None:
        self._pid = pid
        self._ears = ears
        self._due = due
        self.by_clock: list[float] = []
        self.by_cpu: list[float] = []

    def measure(self, begin: Callable[[], float]) -> None:
        """One round; `begin` starts it and says when."""
        before = cpu_seconds(self._pid)
        self._ears.tell("listen", posts=self._due, timeout=60)
        begun = begin()
        answer = self._ears.answer()
        assert answer["heard"] == self._due, answer
        self.by_clock.append(self._due / (answer["last"] - begun))
        self.by_cpu.append(self._due / max(0.01, cpu_seconds(self._pid) - before))

    def measure_one_by_one(self, begin: Callable[[], Any], events: int) -> None:
        """One round of events, each begun when everybody has heard the one before."""
        before, begun, each = cpu_seconds(self._pid), time.monotonic(), self._due // events
        for _ in range(events):
            self._ears.tell("listen", posts=each, timeout=60)
            begin()
            answer = self._ears.answer()
            assert answer["heard"] == each, answer
        self.by_clock.append(self._due / (time.monotonic() - begun))
        self.by_cpu.append(self._due / max(0.01, cpu_seconds(self._pid) - before))


def rooms(product: Product, org: Organisation, sites: list[str], tokens: list[str], posts: int) -> None:
    """A burst in one room; and one that goes to two rooms of the same sockets in turns."""
    peer, web, size = Peer(), product.pid("web"), len(tokens)
    event = {"id": "0" * 36, "type": "post.created", "data": post_payload(org, sites[0], 0)}
    ears = Ears(product.port)
    ears.ask("connect", tokens=tokens)
    ours, turns = Speeds(web, ears, size * posts), Speeds(web, ears, size * posts)
    their_ears = Ears(peer.port)
    their_ears.ask("connect", tokens=[None] * size)
    theirs = Speeds(peer.process.pid, their_ears, size * posts)
    for _ in range(ROUNDS):
        ours.measure(lambda: publish(product, org, sites[:1], posts))
        turns.measure(lambda: publish(product, org, sites, posts))
        theirs.measure(lambda: (time.monotonic(), peer.emit(event, posts))[0])
    for name, speeds in (("", ours), ("_two_rooms", turns)):
        beside(f"live_deliveries{name}_{size}", speeds, theirs)
    ears.end()
    their_ears.end()
    peer.end()


def beside(name: str, ours: Speeds, theirs: Speeds) -> None:
    """Tell the medians, ours against theirs."""
    for end, mine, node in ("", ours.by_clock, theirs.by_clock), ("_per_cpu_s", ours.by_cpu, theirs.by_cpu):
        speed, against = statistics.median(mine), statistics.median(node)
        report(name + end, speed, "1/s", 1.5, against=against, at_most=False)


def lone(product: Product, org: Organisation, sites: list[str], tokens: list[str], posts: int) -> None:
    """Events that come alone: the next one when everybody has heard the last."""
    peer, size = Peer(), len(tokens)
    event = {"id": "0" * 36, "type": "post.created", "data": post_payload(org, sites[0], 0)}
    ears, their_ears = Ears(product.port), Ears(peer.port)
    ears.ask("connect", tokens=tokens)
    their_ears.ask("connect", tokens=[None] * size)
    ours = Speeds(product.pid("web"), ears, size * posts)
    theirs = Speeds(peer.process.pid, their_ears, size * posts)
    for _ in range(ROUNDS):
        ours.measure_one_by_one(lambda: publish(product, org, sites, 1), posts)
        theirs.measure_one_by_one(lambda: peer.emit(event, 1), posts)
    beside(f"live_lone_deliveries_{size}", ours, theirs)
    ears.end()
    their_ears.end()
    peer.end()


def idle(product: Product, org: Organisation, site: str, tokens: list[str]) -> None:
    """Ten thousand sockets: how fast they connect, what they weigh, how soon a post is everywhere."""
    web = product.pid("web")
    before, computed, ears = rss(web), cpu_seconds(web), Ears(product.port)
    connected = ears.ask("connect", tokens=tokens)
    computed = cpu_seconds(web) - computed
    ears.ask("idle", seconds=3)
    weight = (rss(web) - before) / len(tokens) / 1024
    report("live_connect_rate", len(tokens) / connected["seconds"], "1/s", 300, at_most=False)
    report("live_connects_per_cpu_s", len(tokens) / computed, "1/s", 300, at_most=False)
    report("live_idle_socket", weight, "KB", 45)
    spans = []
    for number in range(ROUNDS):
        ears.tell("listen", posts=len(tokens), timeout=30)
        begun = time.monotonic()
        org.admin.posts(site, f"{number} to all")
        answer = ears.answer()
        assert answer["heard"] == len(tokens), answer
        spans.append((answer["last"] - begun) * 1000)
    report(f"live_post_to_{len(tokens)}", statistics.median(spans), "ms", 500)
    ears.end()


if __name__ == "__main__":
    main()
