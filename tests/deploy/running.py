"""`make run` as a process, and the processes that it starts."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import requests

from deploy.local.processes import dies_with
from tests.product import ROOT
from tests.stories.waiting import until

_PROGRAM = """
import deploy.local.run as run, pathlib, sys
run.LOCAL = pathlib.Path(sys.argv[1])
run.main()
"""


def starts(local: Path, port: int, web_processes: int = 1) -> "subprocess.Popen[str]":
    """Start it in a folder of its own."""
    environment = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1"}
    environment["WEB_PROCESSES"] = str(web_processes)
    command = [sys.executable, "-c", _PROGRAM, str(local)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=dies_with(os.getpid()),
    )


def ends(running: "subprocess.Popen[str]", local: Path) -> None:
    """Ctrl-C ends all of it. What it kills at the end is gone from the kernel's list a moment later."""
    assert running.stdout is not None
    running.send_signal(signal.SIGINT)
    assert running.wait(120) == 0
    running.stdout.close()
    until(lambda: not processes_of(local))


def processes_of(local: Path) -> dict[int, bytes]:
    """The processes whose command line or environment names the folder, with their command lines."""
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
    """Those that run a program."""
    return [pid for pid, command in processes_of(local).items() if program.encode() in command]


def ready(address: str) -> bool:
    """Whether a web process says that it is ready."""
    try:
        return requests.get(f"{address}/health/ready", timeout=30).ok
    except requests.RequestException:
        return False
