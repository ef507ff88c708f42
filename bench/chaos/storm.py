"""What goes wrong, and when. Kills and faults of the phones' network at random; PostgreSQL's and nginx's once each."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from bench.chaos.apart import ProxyApart
from bench.chaos.cast import MORTAL, NGINX, WEBS, Cast, until
from bench.chaos.crowd import Crowd
from bench.chaos.redis import RedisPart
from deploy.local.cluster import Cluster
from tests.stories.restores import done

_EVERY_S = (6.0, 12.0)
_REPORT_S = 5.0
_FAULT_S = 3.0
_DELAY_S = 0.2
_GATE_S, _START_OVER_S = 90.0, 90.0
_ALIVE_S = 1.0
_WATCHED = (*WEBS, NGINX)
HOLE_S = float(os.environ.get("HOLE_S", "30"))


class Storm:
    """`blow` does what is due, four times a second."""

    def __init__(
        self,
        cast: Cast,
        crowd: Crowd,
        cluster: Cluster,
        network: list[ProxyApart],
        silent: ProxyApart,
        redis: RedisPart,
    ) -> None:
        self.faults: Counter[str] = Counter()
        self.slowest_alive = 0.0
        self.troubles: list[tuple[float, float]] = []  # when the database was away
        self._cast, self._crowd, self._cluster = cast, crowd, cluster
        self._network, self._database, self._redis = network, silent, redis
        self._began = self._reported = time.monotonic()
        self._due = self._began + random.uniform(*_EVERY_S)
        self._mends: list[tuple[float, Callable[[], None]]] = []
        self._once = [  # the share of the events that is accepted by then
            (0.05, "redis_kills", redis.kill),
            (0.15, "restarts", self._restart),
            (0.22, "restores", self._restore),
            (0.3, "reloads", self._reload),
            (0.45, "holes", self._hole),
            (0.55, "redis_holes", self._swallow_redis),
            (0.65, "proxy_kills", self._kill_nginx),
        ]

    def blow(self, share: float) -> None:
        """`share` of the events are accepted."""
        now = time.monotonic()
        self._cast.weigh()
        for at, mend in list(self._mends):
            if now >= at:
                mend()
                self._mends.remove((at, mend))
        if self._once and share >= self._once[0][0]:
            _, name, act = self._once.pop(0)
            self.faults[name] += 1
            act()
        elif now >= self._due:
            self._any_fault(now)
            self._due = time.monotonic() + random.uniform(*_EVERY_S)
        if now >= self._reported + _REPORT_S:
            self._reported = now
            print(self.line(), flush=True)

    def is_over(self) -> bool:
        """Whether everything that happens once has happened."""
        return not self._once

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
            self._cast.kill(random.choice(MORTAL))
            random.choice(self._crowd.apps).kill()
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
        print("PostgreSQL is restarted", flush=True)
        began = time.monotonic()
        self._cluster.stop()
        self._cluster.start()
        self.troubles.append((began, time.monotonic()))

    def _restore(self) -> None:
        """The database is replaced by its backup, and the epoch is another one; what is broken is mended before."""
        print("The database is restored from a backup", flush=True)
        self.calm()
        began, folder = time.monotonic(), self._cast.folder / "backups"
        with self._crowd.loading.closed(_GATE_S):
            with self._crowd.gate.closed(_GATE_S):
                done(self._crowd.world, "backup", folder)
                done(self._crowd.world, "restore", folder, "--replace")
            self._crowd.start_over(_START_OVER_S)
        self.troubles.append((began, time.monotonic()))
        print(self.line(), flush=True)

    def _reload(self) -> None:
        print("nginx is told to read its configuration again", flush=True)
        self._cast.reload_nginx()

    def _kill_nginx(self) -> None:
        print("nginx is killed", flush=True)
        self._cast.kill(NGINX)

    def _hole(self) -> None:
        """Nothing passes between our processes and PostgreSQL; each web process has to say that it lives."""
        print(f"PostgreSQL is out of reach for {HOLE_S:g} s", flush=True)
        for name in _WATCHED:
            until(lambda name=name: self._cast.healthy(name), 30)
        began = time.monotonic()
        self._database.blackhole(True)
        for watcher in self._watchers():
            watcher.join()
        self._database.blackhole(False)
        self.troubles.append((began, time.monotonic()))
        print(self.line(), flush=True)

    def _swallow_redis(self) -> None:
        """Redis is asked and no answer comes; the writing goes on, and so do the watchers of the web processes."""
        print(f"Redis' answers are lost for {HOLE_S:g} s", flush=True)
        for name in _WATCHED:
            until(lambda name=name: self._cast.healthy(name), 30)
        self._redis.proxy.swallow(True)
        for watcher in self._watchers():
            watcher.join()
        self._redis.proxy.swallow(False)

    def _watchers(self) -> list[threading.Thread]:
        """Somebody who asks each web process, and nginx, whether it lives, as long as a hole."""
        end = time.monotonic() + HOLE_S
        watchers = [threading.Thread(target=self._watch, args=(name, end)) for name in _WATCHED]
        for watcher in watchers:
            watcher.start()
        return watchers

    def _watch(self, name: str, end: float) -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            alive = self._cast.healthy(name, 5 * _ALIVE_S, "/health/live")
            took = time.monotonic() - began
            self.slowest_alive = max(self.slowest_alive, took)
            self.faults["not_alive"] += not alive or took > _ALIVE_S
            time.sleep(0.25)
