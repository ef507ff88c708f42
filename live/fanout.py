"""Sends what the journal says to the sockets that hear it: encoded once, written straight.

Events that are there already leave together: whoever hears several of them gets them in one write. Under load system
calls are what costs, and a reader of the journal has the next events in hand. An event that comes alone leaves at once.

    events   1 2 3 4        sockets that hear the same ones are one group, and get the same bytes:
    room A   x   x x        in A only: 1 3 4;  in B only: 2;  in both: 1 2 3 4
    room B     x

Each socket gets its events in the journal's order, whatever group it is in. Between writes to many sockets the loop
gets its turn, so that a broadcast to ten thousand holds no request up; who joins or leaves a room meanwhile does so by
the journal, and that is read by the same task.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import gevent

from live import codec
from live.engine.packets import Outgoing
from live.subscribers import Subscriber

_MOST_EVENTS = 64
_MOST_CHARACTERS = 64 * 1024
_TURN = 256  # sockets

Run = tuple[Sequence[Subscriber], list[Outgoing]]  # events, one after the other, that the same sockets hear


class FanOut:
    """Gathers events, in order, and flushes them."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._events = self._size = 0

    def add(self, name: str, data: dict[str, Any], hearers: Sequence[Subscriber]) -> None:
        """An event that these sockets hear, behind all that were added before."""
        packet = codec.event(name, data)
        if self._runs and self._runs[-1][0] is hearers:
            self._runs[-1][1].append(Outgoing(packet))
        else:
            self._runs.append((hearers, [Outgoing(packet)]))
        self._events += 1
        self._size += len(packet)
        if self._events >= _MOST_EVENTS or self._size >= _MOST_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        runs, self._runs = self._runs, []
        self._events = self._size = written = 0
        for outgoing, subscribers in _groups(runs):
            for subscriber in subscribers:
                subscriber.socket.send_all(outgoing)
                written += 1
                if written % _TURN == 0:
                    gevent.sleep(0)


def _groups(runs: list[Run]) -> list[tuple[Outgoing, Sequence[Subscriber]]]:
    """The sockets that hear the same of these events, and those events as one."""
    if len(runs) == 1:
        hearers, packets = runs[0]
        return [(Outgoing.joined(packets), hearers)]
    heard: dict[Subscriber, int] = {}
    for number, (hearers, _) in enumerate(runs):
        bit = 1 << number
        for subscriber in hearers:
            heard[subscriber] = heard.get(subscriber, 0) | bit
    groups: dict[int, list[Subscriber]] = defaultdict(list)
    for subscriber, bits in heard.items():
        groups[bits].append(subscriber)
    return [(_selected(runs, bits), subscribers) for bits, subscribers in groups.items()]


def _selected(runs: list[Run], bits: int) -> Outgoing:
    packets = (packets for number, (_, packets) in enumerate(runs) if bits >> number & 1)
    return Outgoing.joined([packet for run in packets for packet in run])
