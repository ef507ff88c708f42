"""`make run`: starts everything, restarts what dies, leaves nothing behind, and says why it cannot start."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deploy.local.demo import Timeline, morning
from deploy.local.run import CannotRun, Product
from tests.product import ROOT, free_port

_PROGRAM = """
import deploy.local.run as run, pathlib, sys
run.LOCAL = pathlib.Path(sys.argv[1])
run.main()
"""


def starts(local: Path, port: int, web_processes: int = 1) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1"}
    environment["WEB_PROCESSES"] = str(web_processes)
    command = [sys.executable, "-c", _PROGRAM, str(local)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Path]:
    for part in (tmp_path, *tmp_path.parents):
        if part.stat().st_uid == os.geteuid() and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o011)
    yield tmp_path
    Product(tmp_path, "127.0.0.1", 0).cluster.stop()


def processes_of(local: Path) -> list[str]:
    """Command lines and environments that name the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            seen = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(local).encode() in seen and int(entry.name) != os.getpid():
            found.append(entry.name)
    return found


def children_named(program: str, local: Path) -> list[int]:
    return [
        int(pid)
        for pid in processes_of(local)
        if program.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_serves_the_demonstration_restarts_what_dies_and_leaves_nothing_behind(local: Path) -> None:
    port = free_port()
    running = starts(local, port)
    assert running.stdout is not None
    assert f"127.0.0.1:{port}" in running.stdout.readline()
    facts = json.loads((local / "run.json").read_text())
    morning(facts, Timeline())  # ends the test with what it complains of
    (web,) = children_named("wsgi.py", local)
    os.kill(web, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while children_named("wsgi.py", local) in ([], [web]) or not ready(facts["address"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    assert processes_of(local) == []


def ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/health/ready", timeout=2).ok
    except requests.ConnectionError:
        return False


def test_a_port_in_use_is_told_before_anything_starts(local: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match=f"Port {port} is in use"):
            Product(local, "127.0.0.1", port).start()
