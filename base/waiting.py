"""Waiting for PostgreSQL, with an end to it.

libpq waits for an answer for ever: where the network between has gone silent, a request, the relay or the journal's
tail would hang until the kernel gives up, after a quarter of an hour, or never where a proxy stands between. Its
`connect_timeout` does not hold for connections that are waited for from outside, as gevent needs it. So every wait ends
here after `LONGEST_S` seconds; psycopg2 then closes the connection, and the caller sees a lost database.

`select` is gevent's own in a process that it has patched, so the one callback serves the web and the worker.
"""

import select
from typing import Any

import psycopg2
from psycopg2 import extensions

LONGEST_S = 15.0


def install(longest_s: float = LONGEST_S) -> None:
    """Bound every wait of this process's connections from now on."""

    def wait(connection: Any) -> None:
        while (state := connection.poll()) != extensions.POLL_OK:
            if not _ready(connection.fileno(), state, longest_s):
                raise psycopg2.OperationalError(f"the database was silent for {longest_s:g} s")

    extensions.set_wait_callback(wait)


def readable(fileno: int, longest_s: float) -> bool:
    """Wait until there is something to read; False when the time is over."""
    return _ready(fileno, extensions.POLL_READ, longest_s)


def _ready(fileno: int, state: int, longest_s: float) -> bool:
    poll = select.poll()  # unlike select(), good for any number of open files
    poll.register(fileno, select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
    return bool(poll.poll(longest_s * 1000))
