"""`make run` as a process, and the processes that it starts."""

import os
import subprocess
import sys
from pathlib import Path

import requests

from tests.product import ROOT

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
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def processes_of(local: Path) -> list[str]:
    """The ids of the processes whose command line or environment names the folder."""
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
    """Those that run a program."""
    return [
        int(pid)
        for pid in processes_of(local)
        if program.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def ready(address: str) -> bool:
    """Whether a web process says that it is ready."""
    try:
        return requests.get(f"{address}/health/ready", timeout=2).ok
    except requests.ConnectionError:
        return False
