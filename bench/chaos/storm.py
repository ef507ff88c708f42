"""What goes wrong, and when. Kills and faults of the phones' network at random, the database's troubles once each."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from bench.chaos.cast import WEBS, WORKERS, Cast, until
from bench.chaos.crowd import Crowd
from bench.chaos.proxy import FaultProxy
from deploy.local.cluster import Cluster

_EVERY_S = (6.0, 12.0)
_REPORT_S = 5.0
_FAULT_S = 3.0
_DELAY_S = 0.2
_RESTART_AT, _HOLE_AT = 0.2, 0.45  # shares of the events accepted, after which it happens
_ALIVE_S = 1.0


class Storm:
    """`blow` does what is due, four times a second."""

    def __init__(
        self, cast: Cast, crowd: Crowd, cluster: Cluster, network: list[FaultProxy], database: FaultProxy
    ) -> None:
        self.faults: Counter[str] = Counter()
        self.slowest_alive = 0.0
        self._cast, self._crowd, self._cluster = cast, crowd, cluster
        self._network, self._database = network, database
        self._began = self._reported = time.monotonic()
        self._due = self._began + random.uniform(*_EVERY_S)
        self._mends: list[tuple[float, Callable[[], None]]] = []

    def blow(self, share: float, hole_s: float) -> None:
        """`share` of the events are accepted; `hole_s` is how long the database will be out of reach."""
        now = time.monotonic()
        self._cast.weigh()
        for at, mend in list(self._mends):
            if now >= at:
                mend()
                self._mends.remove((at, mend))
        if share >= _RESTART_AT and not self.faults["restarts"]:
            self._restart()
        elif share >= _HOLE_AT and not self.faults["holes"]:
            self._hole(hole_s)
        elif now >= self._due:
            self._any_fault(now)
            self._due = time.monotonic() + random.uniform(*_EVERY_S)
        if now >= self._reported + _REPORT_S:
            self._reported = now
            print(self.line(), flush=True)

    def calm(self) -> None:
        """Mend all that is broken."""
        for _, mend in self._mends:
            mend()
        self._mends.clear()

    def line(self) -> str:
        """The counts of this moment."""
        figures: dict[str, Any] = {"s": round(time.monotonic() - self._began), "kills": self._cast.kills}
        figures |= self._crowd.figures()
        return " ".join(f"{name} {value}" for name, value in figures.items())

    def _any_fault(self, now: float) -> None:
        if random.random() < 0.5:
            self._cast.kill(random.choice(WEBS + WORKERS))
            return
        proxy, kind = random.choice(self._network), random.choice(("drop", "delay", "swallow", "blackhole"))
        self.faults[kind] += 1
        if kind == "drop":
            proxy.drop()
            return
        begin, mend = {
            "delay": (lambda: proxy.delay(_DELAY_S), lambda: proxy.delay(0)),
            "swallow": (lambda: proxy.swallow(True), lambda: proxy.swallow(False)),
            "blackhole": (lambda: proxy.blackhole(True), lambda: proxy.blackhole(False)),
        }[kind]
        begin()
        self._mends.append((now + _FAULT_S, mend))

    def _restart(self) -> None:
        """PostgreSQL ends every connection, and is back a moment later."""
        self.faults["restarts"] += 1
        print("PostgreSQL is restarted", flush=True)
        self._cluster.stop()
        self._cluster.start()

    def _hole(self, seconds: float) -> None:
        """Nothing passes between our processes and PostgreSQL; each web process has to say that it lives."""
        self.faults["holes"] += 1
        print(f"PostgreSQL is out of reach for {seconds:g} s", flush=True)
        for name in WEBS:
            until(lambda name=name: self._cast.healthy(name), 30)
        self._database.blackhole(True)
        end = time.monotonic() + seconds
        watchers = [threading.Thread(target=self._watch, args=(name, end)) for name in WEBS]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join()
        self._database.blackhole(False)
        print(self.line(), flush=True)

    def _watch(self, name: str, end: float) -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            alive = self._cast.healthy(name, 5 * _ALIVE_S, "/health/live")
            took = time.monotonic() - began
            self.slowest_alive = max(self.slowest_alive, took)
            self.faults["not_alive"] += not alive or took > _ALIVE_S
            time.sleep(0.25)
