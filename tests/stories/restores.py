"""Operators who back up, restore and rehearse, by the commands."""

import subprocess
import sys
from pathlib import Path

from tests.product import ROOT
from tests.world import World


def command(world: World, name: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run `python -m jobs.name` on the world's database, to its end."""
    environment = {**world.environment, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    program = [sys.executable, "-m", f"jobs.{name}", *map(str, arguments)]
    return subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


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
