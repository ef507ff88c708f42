"""The product's processes for `make chaos`: two web processes and two workers on one database, and how they die."""

import contextlib
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

from bench.live_world import rss
from deploy.local.cluster import Cluster
from tests.product import free_port
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
WEBS, WORKERS = ("web-0", "web-1"), ("worker-0", "worker-1")
_READY_S = 60.0
_DATABASE = "chaos"


@contextlib.contextmanager
def database() -> Generator[tuple[Cluster, World]]:
    """A cluster of its own, with the product's tables."""
    with tempfile.TemporaryDirectory(prefix="hereabouts-chaos-") as folder:
        Path(folder).chmod(0o711)
        cluster = Cluster(Path(folder) / "cluster")
        cluster.start()
        try:
            cluster.prepare_database(_DATABASE)
            environment = {**os.environ, "OWNER_DATABASE_URL": cluster.url("hereabouts_owner", _DATABASE)}
            command = [sys.executable, "-m", "alembic", "upgrade", "head"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
            world = World(cluster, _DATABASE)
            yield cluster, world
            world.close()
        finally:
            cluster.stop()


class Cast:
    """Web processes and workers. `overrides` are settings that differ from those of the world."""

    def __init__(self, world: World, folder: Path, overrides: Mapping[str, str]) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in WEBS}
        self.kills = 0
        self.rss_max = dict.fromkeys((*WEBS, *WORKERS), 0)
        self._environment = {**os.environ, **world.environment, "PYTHONPATH": str(ROOT), "POOL_SIZE": "20"}
        self._environment |= {"LOG_LEVEL": "INFO", **overrides}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in (*WEBS, *WORKERS):
            self.start(name)
        for name in WEBS:
            until(lambda name=name: self.healthy(name), _READY_S)

    def start(self, name: str) -> None:
        """Start one part; it is not waited for."""
        environment = dict(self._environment)
        program = ["-m", "jobs.worker"]
        if name in self.ports:
            environment |= {"HOST": "127.0.0.1", "PORT": str(self.ports[name])}
            program = [str(ROOT / "wsgi.py")]
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *program], cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """kill -9, and a new one at once."""
        self._processes[name].kill()
        self._processes[name].wait()
        self.kills += 1
        self.start(name)

    def died(self) -> list[str]:
        """Who ended without being killed."""
        return [name for name, process in self._processes.items() if process.poll() is not None]

    def weigh(self) -> None:
        """Note how much memory each has now."""
        for name, process in self._processes.items():
            with contextlib.suppress(OSError, StopIteration):
                self.rss_max[name] = max(self.rss_max[name], rss(process.pid))

    def healthy(self, name: str, timeout: float = 5.0, path: str = "/health/ready") -> bool:
        """Whether a web process says so within `timeout` seconds."""
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


def until(true: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
