"""Operators who back up, restore and rehearse, by the commands."""

import subprocess
import sys
from pathlib import Path

from tests.product import ROOT
from tests.world import World


def begun(world: World, name: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    """Begin `python -m jobs.name` on the world's database."""
    environment = {**world.environment, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    program = [sys.executable, "-m", f"jobs.{name}", *map(str, arguments)]
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(program, cwd=ROOT, env=environment, text=True, **said)


def command(world: World, name: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """The same, to its end."""
    process = begun(world, name, *arguments)
    out, errors = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def done(world: World, name: str, *arguments: str | Path) -> str:
    """The same, where it has to succeed; returns what it says."""
    ended = command(world, name, *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def refused(world: World, name: str, *arguments: str | Path) -> str:
    """The same, where it must not; returns why."""
    ended = command(world, name, *arguments)
    assert ended.returncode != 0, ended.stdout
    return ended.stderr.strip()
