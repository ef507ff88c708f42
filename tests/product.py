"""The product as real processes: web, relay, worker and the stand-in FCM on a database of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import requests

from deploy.local.cluster import Cluster
from deploy.local.patience import Patience
from deploy.local.phone import Phone
from deploy.local.processes import dies_with
from tests.holds import is_too_long
from tests.ports import free_port
from tests.world import PASSWORD, World

__all__ = ["ROOT", "Product", "free_port"]
ROOT = Path(__file__).resolve().parent.parent


class Product:
    """Starts, kills and stops the processes; people are made through `world`, which shares the database."""

    def __init__(self, cluster: Cluster, database: str, folder: Path, **changed: str) -> None:
        self.world = World(cluster, database, **changed)
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {
            **os.environ,
            **self.world.environment,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }
        self._environment |= {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "INFO", "PUSH_THREADS": "4"}
        try:
            self.standin = self._start_standin()
            self.start_relay()
            self.start_worker()
            self.start_web()
        except BaseException:  # also Ctrl-C: nobody else knows of what has begun
            self.stop()
            raise

    def start_web(self) -> None:
        """Start the web process and wait until it is ready."""
        self._start("web", str(ROOT / "wsgi.py"))
        self._until(lambda: _ready(self.address))

    def start_other_webs(self, *names: str, **changed: str) -> list[str]:
        """Start more web processes, each on a port of its own; returns their addresses once all are ready."""
        ports = {name: free_port() for name in names}
        for name, port in ports.items():
            self._start(name, str(ROOT / "wsgi.py"), PORT=str(port), **changed)
        addresses = [f"http://127.0.0.1:{port}" for port in ports.values()]
        self._until(lambda: all(map(_ready, addresses)))
        return addresses

    def start_narrow_web(self, name: str, descriptors: int, **changed: str) -> str:
        """Start a web process that may have so many descriptors; returns its address once it is ready."""
        port = free_port()
        program = f"ulimit -n {descriptors} && exec {sys.executable} {ROOT / 'wsgi.py'}"
        self._start(
            name, "-c", f"import os; os.execvp('sh', ['sh', '-c', {program!r}])", PORT=str(port), **changed
        )
        self._until(lambda: _ready(f"http://127.0.0.1:{port}"))
        return f"http://127.0.0.1:{port}"

    def start_relay(self) -> None:
        """Start the relay."""
        self._start("relay", "-m", "jobs.relay")

    def start_worker(self, name: str = "worker", **changed: str) -> None:
        """Start the worker, or another one; `changed` are settings that differ."""
        self._start(name, "-m", "jobs.worker", **changed)

    def pid(self, name: str) -> int:
        """The process id of a running part."""
        return self._processes[name].pid

    def kill(self, name: str) -> None:
        """kill -9."""
        self._end(name, signal.SIGKILL)

    def stop_part(self, name: str) -> None:
        """End one part as an operator does."""
        self._end(name, signal.SIGTERM)

    def stop(self) -> None:
        """End everything, all at the same time."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for name in list(self._processes):
            self._end(name, signal.SIGTERM)
        self.world.close()

    def phone(self, slug: str, name: str) -> Phone:
        """A real phone of a person who was made through the world."""
        return Phone.signed_in(self.address, slug, f"{name.lower()}@example.com", PASSWORD)

    def pushed(self, address: str, count: int = 1, wait_s: float = 120.0) -> list[dict[str, Any]]:
        """The messages that reached an address at the stand-in, once there are `count`, or as many as came in time."""
        deadline, after, found = time.monotonic() + wait_s, 0, []
        while True:
            left_s = deadline - time.monotonic()
            query = {"after": after, "wait": max(0.0, min(1.0, left_s))}
            answer = requests.get(f"{self.standin}/standin/messages", params=query, timeout=30).json()
            after += len(answer["messages"])
            found += [m["message"] for m in answer["messages"] if m["message"].get("token") == address]
            if len(found) >= count or left_s <= 0:
                return found

    def behave(self, **behaviour: dict[str, Any]) -> None:
        """Tell the stand-in how to treat addresses."""
        requests.post(f"{self.standin}/standin/behaviour", json=behaviour, timeout=60)

    def held(self) -> list[str]:
        """What of the product held up a web process for too long, with where it was (`base/watchdog.py`)."""
        lines = [
            line for log in self.folder.glob("*.log") for line in log.read_text(errors="replace").splitlines()
        ]
        holds = [orjson.loads(line) for line in lines if '"loop_held"' in line and line.startswith("{")]
        return [str(hold) for hold in holds if is_too_long(hold["doing"], hold["cpu_ms"] / 1000)]

    def _start_standin(self) -> str:
        credentials, ready = self.folder / "credentials.json", self.folder / "standin.ready"
        files = ("--credentials", str(credentials), "--ready-file", str(ready))
        self._start("standin", "-m", "push.standin", *files)
        self._until(lambda: ready.exists() and ready.read_text() != "")
        address = ready.read_text()
        self._environment |= {"FIREBASE_CREDENTIALS": str(credentials), "FCM_ENDPOINT": address}
        return address

    def _start(self, name: str, *arguments: str, **changed: str) -> None:
        environment = self._environment | changed
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=dies_with(os.getpid()),
            )

    def _end(self, name: str, how: signal.Signals) -> None:
        process = self._processes.pop(name)
        process.send_signal(how)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _until(self, true: Callable[[], bool]) -> None:
        patience = Patience(lambda: [process.pid for process in self._processes.values()])
        while not true():
            for name, process in self._processes.items():
                assert process.poll() is None, (name, self._last_words(name))
            assert not patience.is_over(), {name: self._last_words(name) for name in self._processes}
            time.sleep(0.02)

    def _last_words(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]


def _ready(address: str) -> bool:
    """A process that is slow to answer is as good as one that does not yet."""
    try:
        return requests.get(f"{address}/health/ready", timeout=30).ok
    except requests.RequestException:
        return False
