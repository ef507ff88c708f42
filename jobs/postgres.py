"""PostgreSQL's own programs, run beside us: pg_dump and pg_restore. Passwords go by the environment, not by `ps`."""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL

_INSTALLED = Path("/usr/lib/postgresql")


class ProgramFailed(Exception):
    """A program ended with an error; the text is its own."""


def run(name: str, url: URL, *arguments: str | Path) -> None:
    """Run a program on a database until it ends; raises `ProgramFailed`."""
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    if url.password is not None:
        environment["PGPASSWORD"] = str(url.password)
    command = [program(name), "--no-password", "--dbname", plain, *map(str, arguments)]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise ProgramFailed(f"{name}: {done.stderr.decode(errors='replace').strip() or 'it was ended'}")


def program(name: str) -> str:
    """Where a program is: the newest one that the system's packages brought, else what PATH finds."""
    found = sorted(_INSTALLED.glob(f"*/bin/{name}"), key=lambda path: _number(path.parent.parent.name))
    if found:
        return str(found[-1])
    if (elsewhere := shutil.which(name)) is not None:
        return elsewhere
    raise ProgramFailed(f"{name} is not installed: install PostgreSQL's client programs")


def _number(version: str) -> float:
    return float(version) if version.replace(".", "", 1).isdecimal() else 0.0
