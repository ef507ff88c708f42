"""Tests that wait for something that happens beside them, and never for a time."""

import threading
import time
from collections.abc import Callable
from typing import Any

_PATIENCE_S = 120.0  # what comes, comes sooner; a busy machine takes its time


def begins(act: Callable[..., Any], *arguments: Any) -> threading.Thread:
    """Do it beside the test."""
    thread = threading.Thread(target=act, args=arguments)
    thread.start()
    return thread


def until(true: Callable[[], object], meanwhile: Callable[[], object] = lambda: time.sleep(0.01)) -> None:
    """Wait until it is true."""
    deadline = time.monotonic() + _PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it does not come true"
        meanwhile()


def until_somebody_waits(session: Any) -> None:
    """Wait until another transaction waits for a lock that this one holds."""
    waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    until(lambda: session.connection().exec_driver_sql(waiting).scalar())
