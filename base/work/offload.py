"""Work that takes long without waiting for anything (a password's hash) must not hold up a whole web process."""

from collections.abc import Callable
from typing import Any, TypeVar

Answer = TypeVar("Answer")
# Runs a function with its arguments in a native thread; the caller waits without holding up others.
Pool = Callable[[Callable[..., Any], tuple[Any, ...]], Any]
_pools: list[Pool] = []


def install(pool: Pool) -> None:
    """Let this process offload from now on: one that runs on gevent, which the others never load."""
    _pools[:] = [pool]


def offload(function: Callable[..., Answer], *arguments: Any) -> Answer:
    """Run in the process's pool, in place where it has none."""
    if not _pools:
        return function(*arguments)
    outcome: list[Answer] = []
    failure = _pools[0](_attempt, (outcome, function, arguments))
    if failure is not None:
        raise failure
    return outcome[0]


def _attempt(
    outcome: list[Answer], function: Callable[..., Answer], arguments: tuple[Any, ...]
) -> Exception | None:
    """What went wrong is handed over: an exception that leaves the thread is printed there, however it is handled."""
    try:
        outcome.append(function(*arguments))
    except Exception as error:
        return error
    return None
