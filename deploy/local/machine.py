"""Whether this machine has what a local run takes; asked before anything starts."""

import errno
import shutil
import socket
from pathlib import Path

from deploy.local.proxy import nginx

_MOST_WEBS, _LAST_PORT = 16, 65_535
_LEAST_DISK = 200 * 1024 * 1024


class CannotRun(Exception):
    """Why it does not start, in a sentence."""


def check_machine(local: Path, host: str, port: int, web_processes: int) -> None:
    """Raise `CannotRun` unless there is a free port, room on the disk, and nginx where it is needed."""
    local.mkdir(parents=True, exist_ok=True)
    if not 1 <= port <= _LAST_PORT:
        raise CannotRun(f"PORT must be a whole number from 1 to {_LAST_PORT}.")
    if not 1 <= web_processes <= _MOST_WEBS:
        raise CannotRun(f"WEB_PROCESSES must be a whole number from 1 to {_MOST_WEBS}.")
    if web_processes > 1 and nginx() is None:
        raise CannotRun("Several web processes need nginx; install it and try again.")
    if shutil.disk_usage(local).free < _LEAST_DISK:
        raise CannotRun(f"The disk of {local} is full: make room and start again.")
    _check_port(host, port)


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CannotRun(f"{host}:{port} cannot be used: {error.strerror}.") from None
            text = f"Port {port} is in use; end what uses it, or choose another: make run PORT=8001"
            raise CannotRun(text) from None
