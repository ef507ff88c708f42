"""`make run`: everything, from nothing, on one machine; Ctrl-C ends it and leaves the data.

The database lies in `.local/cluster`, logs in `.local/logs`; `.local/run.json` tells other commands the addresses.
With WEB_PROCESSES=n there are n web processes behind nginx (`deploy/local/proxy.py`).
"""

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from deploy.local.cluster import Cluster, ClusterError
from deploy.local.machine import CannotRun, check_machine
from deploy.local.patience import Patience
from deploy.local.processes import Child, stop_all
from deploy.local.proxy import free_ports, nginx, write_configuration
from deploy.local.redis import redis_server, write_redis_configuration

ROOT = Path(__file__).resolve().parent.parent.parent
LOCAL = ROOT / ".local"
_CONNECTIONS = 120  # of the database, for all web processes together
_MAILBOX_PORT = "8025"


class Product:
    """All processes of a local run."""

    def __init__(self, local: Path, host: str, port: int, web_processes: int = 1) -> None:
        self.local = local
        self.host, self.port = host, port
        self.address = f"http://{host}:{port}"
        self.web_processes = web_processes
        self.cluster = Cluster(local / "cluster")
        self.children: list[Child] = []
        self.stopping = False

    def start(self) -> dict[str, Any]:
        """Bring everything up; returns what there is to know about it."""
        check_machine(self.local, self.host, self.port, self.web_processes)
        (self.local / "logs").mkdir(parents=True, exist_ok=True)
        self.cluster.start()
        self.cluster.prepare_database()
        environment = self._environment()
        self._command("alembic", environment, "upgrade", "head")
        accounts = json.loads(self._command("jobs.demonstration", environment))
        standin = None if "FIREBASE_CREDENTIALS" in environment else self._start_standin(environment)
        mailbox = self._start_mailbox(environment)
        addresses = self._start_web(environment)
        for name in ("relay", "worker"):
            self._child(name, environment, sys.executable, "-m", f"jobs.{name}")
        for address in addresses:
            self._wait_until_ready(address)
        standins = {"standin": standin, "mailbox": mailbox}
        facts = {"address": self.address, **standins, "pid": os.getpid(), **accounts}
        (self.local / "run.json").write_text(json.dumps(facts, indent=1))
        return facts

    def watch(self) -> None:
        """Until asked to stop: restart what dies."""
        while not self.stopping:
            for child in self.children:
                said = child.watch()
                if said:
                    print(said, flush=True)
            time.sleep(0.2)

    def stop(self) -> None:
        """End everything; the order matters, the database goes last."""
        stop_all(list(reversed(self.children)))
        self.cluster.stop()
        (self.local / "run.json").unlink(missing_ok=True)

    def ask_to_stop(self, *_: object) -> None:
        """For signal handlers."""
        self.stopping = True

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.cluster.url("hereabouts_web"),
            "WORKER_DATABASE_URL": self.cluster.url("hereabouts_worker"),
            "OWNER_DATABASE_URL": self.cluster.url("hereabouts_owner"),
            "ADMIN_DATABASE_URL": self.cluster.url(self.cluster.superuser),
            "SECRET_KEY": self._secret(),
            "HOST": self.host,
            "PORT": str(self.port),
        }

    def _secret(self) -> str:
        """Made once, so that sessions outlive a restart."""
        path = self.local / "secret_key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()

    def _start_web(self, environment: dict[str, str]) -> list[str]:
        """One web process on the address itself, or several behind nginx; returns all addresses to wait for."""
        program = (sys.executable, str(ROOT / "wsgi.py"))
        if self.web_processes == 1:
            self._child("web", environment, *program)
            return [self.address]
        *ports, spare = free_ports(self.web_processes + 1, self.port)
        self._start_redis(environment, spare)
        webs = {f"w{number}": port for number, port in enumerate(ports, 1)}
        pool = environment.get("POOL_SIZE", str(min(20, _CONNECTIONS // self.web_processes)))
        shared = {**environment, "HOST": "127.0.0.1", "TRUSTED_PROXIES": "1", "POOL_SIZE": pool}
        for name, port in webs.items():
            self._child(f"web-{name}", {**shared, "WEB_NAME": name, "PORT": str(port)}, *program)
        folder = self.local / "nginx"
        file = write_configuration(folder, self.host, self.port, webs)
        self._child("nginx", environment, str(nginx()), "-p", str(folder), "-c", str(file))
        return [*(f"http://127.0.0.1:{port}" for port in ports), self.address]

    def _start_redis(self, environment: dict[str, str], port: int) -> None:
        """What carries signals between the processes; one's own (`REDIS_URL`), ours, or none."""
        program = redis_server()
        if "REDIS_URL" not in environment and program is not None:
            file, environment["REDIS_URL"] = write_redis_configuration(self.local / "redis", port)
            self._child("redis", environment, program, str(file))

    def _start_standin(self, environment: dict[str, str]) -> str:
        credentials = self.local / "standin-credentials.json"
        options = ("--port", "0", "--credentials", str(credentials))
        address = self._announced("standin", environment, "push.standin", *options)
        environment["FIREBASE_CREDENTIALS"] = str(credentials)
        environment["FCM_ENDPOINT"] = address
        return address

    def _start_mailbox(self, environment: dict[str, str]) -> str | None:
        """What takes mails and short messages, and shows them; none where one names servers of one's own."""
        if {"SMTP_URL", "SMS_GATEWAY_URL"} & set(environment):
            return None
        options = ("--port", _MAILBOX_PORT)
        told = json.loads(self._announced("mailbox", environment, "people.messages.standin", *options))
        environment |= told["settings"]
        return told["address"]

    def _announced(self, name: str, environment: dict[str, str], module: str, *options: str) -> str:
        """Start a process that says where it is, and wait until it has said so."""
        ready = self.local / f"{name}.ready"
        ready.unlink(missing_ok=True)
        command = (sys.executable, "-m", module, *options, "--ready-file", str(ready))
        self._child(name, environment, *command)
        patience = self._patience()
        while not (ready.exists() and ready.read_text()):
            self._check_alive(patience)
        return ready.read_text()

    def _command(self, module: str, environment: dict[str, str], *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise CannotRun(f"{module} failed: {last}")
        return done.stdout

    def _child(self, name: str, environment: dict[str, str], *command: str) -> None:
        child = Child(name, command, dict(environment), self.local / "logs" / f"{name}.log")
        child.start()
        self.children.append(child)

    def _wait_until_ready(self, address: str) -> None:
        patience = self._patience()
        while True:
            try:
                with urllib.request.urlopen(f"{address}/health/ready", timeout=5):  # noqa: S310
                    return
            except (urllib.error.URLError, http.client.HTTPException, OSError):
                self._check_alive(patience)

    def _patience(self) -> Patience:
        return Patience(lambda: [child.process.pid for child in self.children if child.process is not None])

    def _check_alive(self, patience: Patience) -> None:
        for child in self.children:
            if not child.running():
                raise CannotRun(f"{child.name} does not start: {child.last_words()}")
        if patience.is_over() or self.stopping:
            raise CannotRun("It took too long to start; .local/logs says how far it came.")
        time.sleep(0.05)


def main() -> None:
    """Start, tell, watch, stop."""
    begun = time.monotonic()
    host, port = os.environ.get("HOST", "127.0.0.1"), _whole("PORT", "8000")
    product = Product(LOCAL, host, port, _whole("WEB_PROCESSES", "1"))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, product.ask_to_stop)
    try:
        facts = product.start()
    except (CannotRun, ClusterError) as reason:
        product.stop()
        sys.exit(str(reason))
    _tell(facts, time.monotonic() - begun)
    try:
        product.watch()
    finally:
        product.stop()
        print("stopped; the data is kept", flush=True)


def _whole(name: str, otherwise: str) -> int:
    """A whole number from the environment; -1, which nothing can be, for what is none."""
    value = os.environ.get(name, otherwise)
    return int(value) if value.isdecimal() else -1


def _tell(facts: dict[str, Any], seconds: float) -> None:
    lines = [
        f"Hereabouts runs at {facts['address']} (ready after {seconds:.1f} s; Ctrl-C stops it)",
        f"  API document   {facts['address']}/docs   and as JSON {facts['address']}/openapi.json",
        f"  sign in        organisation {facts['organisation']!r}, password {facts['password']!r}",
        f"  accounts       {', '.join(facts['emails'])}",
        f"  push           {'to Google' if facts['standin'] is None else 'to the stand-in at ' + facts['standin']}",
        f"  mail and SMS   {facts['mailbox'] or 'to servers of your own'}",
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
