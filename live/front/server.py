"""The HTTP server of a web process."""

import resource
from collections.abc import Callable
from typing import Any

from gevent.pywsgi import WSGIServer

from live.front.handler import FrontHandler
from live.front.intake import Times
from live.front.seats import Room, Seats, end_at_once

_MOST_DESCRIPTORS = 262_144
_KEPT_BACK = 64  # files, pipes, what listens to the database and to Redis, and what is accepted at once
_LEAST = 16


class FrontServer(WSGIServer):
    """gevent's server with a seat for each connection."""

    max_accept = 16  # more would be open before the first of them has its seat
    backlog = 1_024

    def __init__(
        self, address: tuple[str, int], application: Callable[..., Any], times: Times, room: Room
    ) -> None:
        super().__init__(address, application, log=None, error_log=None)
        self.times = times
        self.seats = Seats(room)

    def handle(self, sock: Any, address: Any) -> None:
        """Serve a connection, if there is a seat."""
        seat = self.seats.take(sock, address[0])
        if seat is None:
            end_at_once(sock)
            return
        try:
            FrontHandler(sock, address, self, seat).handle()
        finally:
            self.seats.leave(seat)


def room_for_connections(kept_back: int, spare: int) -> int:
    """How many connections the process can have beside `kept_back` others, with as many descriptors as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    most = _MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    return max(_LEAST, most - kept_back - spare - _KEPT_BACK)
