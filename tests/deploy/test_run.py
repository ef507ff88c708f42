"""`make run`: starts everything, restarts what dies, leaves nothing behind, and says why it cannot start."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
def local(open_folder: Path) -> Iterator[Path]:
    yield open_folder
    Product(open_folder, "127.0.0.1", 0).cluster.stop()


def processes_of(local: Path) -> dict[int, bytes]:
    """Those whose command line or environment names the folder, with their command lines."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(local).encode() in command + environment and int(entry.name) != os.getpid():
            found[int(entry.name)] = command
    return found


def children_named(program: str, local: Path) -> list[int]:
    return [pid for pid, command in processes_of(local).items() if program.encode() in command]


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ends(running: "subprocess.Popen[str]", local: Path) -> None:
    """Ctrl-C ends all of it; what was killed then is gone from the kernel's list a moment later."""
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    running.stdout.close()
    until(lambda: not processes_of(local))


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
    until(lambda: children_named("wsgi.py", local) not in ([], [web]) and ready(facts["address"]))
    ends(running, local)


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
