"""The process that works for another: `base/work/apart.py` starts it, with a socket as its standard input.

A thread listens, so that the end of the parent is heard while something computes; then this process ends at once. What
lets no other thread run meanwhile ends with its computing time.
"""

import contextlib
import os
import pickle
import queue
import resource
import signal
import socket
import sys
import threading
import time
import traceback

from base.errors import Problem
from base.work.apart import Told, TooMuchWork
from base.work.frames import read_frame, write_frame

_MEMORY, _CPU_S = 2 * 1024**3, 60


def main() -> None:
    """Answer until the parent has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    for limit, value in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # not every system knows every limit
            resource.setrlimit(limit, (value, value))
    parent = socket.socket(fileno=os.dup(0))
    asked: queue.SimpleQueue[bytearray] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(parent, asked), daemon=True).start()
    while True:
        told = pickle.dumps(_told(asked.get()), protocol=pickle.HIGHEST_PROTOCOL)
        write_frame(parent, told)


def _listen(parent: socket.socket, asked: "queue.SimpleQueue[bytearray]") -> None:
    while True:
        try:
            asked.put(read_frame(parent))
        except (EOFError, OSError):
            os._exit(0)


def _told(content: bytearray) -> Told:
    _begin_computing()
    try:
        function, arguments = pickle.loads(content)  # noqa: S301 - the parent's own words
        return Told(function(*arguments))
    except Problem as problem:
        return Told(failure=problem)
    except (MemoryError, RecursionError):
        return Told(failure=TooMuchWork())
    except Exception:
        return Told(failure=RuntimeError(traceback.format_exc()))


def _begin_computing() -> None:
    """Give this piece of work so many seconds of computing, whatever was computed before."""
    with contextlib.suppress(ValueError, OSError):
        until = int(time.process_time()) + _CPU_S
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    sys.exit(main())
