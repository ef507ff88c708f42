"""Ports for servers of tests, which nobody else takes between the choice and the start.

They lie below those that the kernel gives to outgoing connections. Each is held by a lock, so that another test process
of this machine chooses another one; and the next ones after it are left alone, for what a server puts beside itself.
"""

import fcntl
import os
import random
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TextIO

_LOW, _HIGH, _STEP = 12_000, 32_000, 20
_TRIES = 1_000
_held: list[TextIO] = []  # until this process ends


def free_port() -> int:
    """A port that is this process's own as long as it lives."""
    folder = Path(tempfile.gettempdir()) / f"hereabouts-ports-{os.geteuid()}"
    folder.mkdir(exist_ok=True)
    for _ in range(_TRIES):
        port = random.randrange(_LOW, _HIGH, _STEP)
        if _hold(folder / str(port)) and _is_free(port):
            return port
    raise RuntimeError("every port is taken")


def _hold(path: Path) -> bool:
    file = path.open("w")
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _held.append(file)
        return True
    file.close()
    return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what ended a moment ago is no matter
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
