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
    return gevent.get_hub().threadpool.apply(function, arguments)
