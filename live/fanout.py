"""Sends what the journal says to the sockets that hear it: encoded once, written straight.

Events that the same sockets hear, one right after the other, leave as one write to each of them: under load the
system calls are what costs, and a reader of the journal has the next events in hand already. An event that comes
alone leaves at once. Between writes to many sockets the loop gets its turn, so that a broadcast to ten thousand holds
no request up; who joins or leaves a room meanwhile does so by the journal, and that is read by the same task.
"""

from collections.abc import Sequence
from typing import Any

import gevent

from live import codec
from live.engine.packets import Outgoing
from live.hub import Listener

_MOST_EVENTS = 64
_MOST_CHARACTERS = 64 * 1024
_TURN = 256  # sockets


class FanOut:
    """Gathers events, in order, and flushes them."""

    def __init__(self) -> None:
        self._packets: list[str] = []
        self._size = 0
        self._hearers: Sequence[Listener] = ()

    def add(self, name: str, data: dict[str, Any], hearers: Sequence[Listener]) -> None:
        """An event that these sockets hear, behind all that were added before."""
        if not hearers:
            return
        full = len(self._packets) >= _MOST_EVENTS or self._size > _MOST_CHARACTERS
        if full or hearers is not self._hearers:
            self.flush()
            self._hearers = hearers
        packet = f'42["{name}",{codec.dumps(data)}]'
        self._packets.append(packet)
        self._size += len(packet)

    def flush(self) -> None:
        """Write what was gathered."""
        hearers, packets = self._hearers, self._packets
        self._hearers, self._packets, self._size = (), [], 0
        if not packets:
            return
        outgoing = Outgoing(*packets)
        for start in range(0, len(hearers), _TURN):
            if start:
                gevent.sleep(0)
            for listener in hearers[start : start + _TURN]:
                listener.socket.send_all(outgoing)
