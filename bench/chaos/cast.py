"""What runs in `make chaos`: nginx, web processes, relays and workers on one database, and how they die."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

from bench.chaos.skew import some_skew
from bench.live_world import rss
from bench.stage import DATABASE, UNHURRIED, migrated_cluster
from deploy.local.cluster import Cluster
from deploy.local.proxy import nginx, write_configuration
from tests.product import free_port
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
WEBS, RELAYS, WORKERS, NGINX = ("w1", "w2"), ("relay-1", "relay-2"), ("worker-1", "worker-2"), "nginx"
MORTAL = (*WEBS, *RELAYS, *WORKERS)
_READY_S = 60.0


@contextlib.contextmanager
def database() -> Generator[tuple[Cluster, World]]:
    """A cluster of its own, with the product's tables."""
    with migrated_cluster() as (cluster, _):
        world = World(cluster, DATABASE, **UNHURRIED)
        yield cluster, world
        world.close()


class Cast:
    """Web processes behind nginx, relays and workers. `overrides` are settings that differ from those of the world."""

    def __init__(self, world: World, folder: Path, overrides: Mapping[str, str]) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in (*WEBS, NGINX)}
        self.kills = self.skewed = 0
        self.rss_max = dict.fromkeys(MORTAL, 0)
        self._environment = {**os.environ, **world.environment, "PYTHONPATH": str(ROOT), "POOL_SIZE": "20"}
        self._environment |= {"LOG_LEVEL": "INFO", "HOST": "127.0.0.1", "TRUSTED_PROXIES": "1", **overrides}
        webs = {name: self.ports[name] for name in WEBS}
        file = write_configuration(folder / NGINX, "127.0.0.1", self.ports[NGINX], webs)
        self._nginx = (str(nginx()), "-p", str(folder / NGINX), "-c", str(file))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in (*MORTAL, NGINX):
            self.start(name)
        for name in (*WEBS, NGINX):
            until(lambda name=name: self.healthy(name), _READY_S)

    def start(self, name: str) -> None:
        """Start one part; it is not waited for."""
        environment = dict(self._environment)
        if name != NGINX:
            environment |= (skew := some_skew())
            self.skewed += bool(skew)
        command = (sys.executable, "-m", "jobs.relay" if name in RELAYS else "jobs.worker")
        if name in WEBS:
            environment |= {"WEB_NAME": name, "PORT": str(self.ports[name])}
            command = (sys.executable, str(ROOT / "wsgi.py"))
        elif name == NGINX:
            command = self._nginx
        with self.log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def log(self, name: str) -> Path:
        """What a part has said, before it was killed too."""
        return self.folder / f"{name}.log"

    def kill(self, name: str) -> None:
        """kill -9, its children too, and a new one at once."""
        os.killpg(self._processes[name].pid, signal.SIGKILL)
        self._processes[name].wait()
        self.kills += 1
        self.start(name)

    def reload_nginx(self) -> None:
        """New workers of nginx take over; the old ones end with their last connection."""
        self._processes[NGINX].send_signal(signal.SIGHUP)

    def died(self) -> list[str]:
        """Who ended without being killed."""
        return [name for name, process in self._processes.items() if process.poll() is not None]

    def weigh(self) -> None:
        """Note how much memory each has now."""
        for name, process in self._processes.items():
            if name == NGINX:
                continue
            with contextlib.suppress(OSError, StopIteration):
                self.rss_max[name] = max(self.rss_max[name], rss(process.pid))

    def healthy(self, name: str, timeout: float = 5.0, path: str = "/health/ready") -> bool:
        """Whether a web process says so within `timeout` seconds; nginx passes the question on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=timeout)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End all of them."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._processes[NGINX].pid, signal.SIGKILL)


def until(true: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
