"""Work that takes long without waiting for anything (a password's hash) must not hold up a whole web process."""

from collections.abc import Callable
from typing import Any, TypeVar

import gevent
from gevent import monkey

Answer = TypeVar("Answer")


def offload(function: Callable[..., Answer], *arguments: Any) -> Answer:
    """Run in a native thread where the process runs on gevent, in place anywhere else."""
    if not monkey.is_module_patched("threading"):
        return function(*arguments)
    outcome: list[Answer] = []
    failure = gevent.get_hub().threadpool.apply(_attempt, (outcome, function, arguments))
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
