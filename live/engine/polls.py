"""The polling side of a client: the packets that wait for its next GET, and the GET that waits for packets."""

from collections import deque
from collections.abc import Iterable

from gevent.event import Event

from live.engine.channel import Backlog
from live.engine.packets import Encoded


class SecondPoll(Exception):
    """Two polling requests at once; the protocol allows one."""


class Polls:
    """One of the two waits: packets for a poll, or a poll for packets."""

    __slots__ = ("_limits", "_poller", "_size", "_waiting")

    def __init__(self, limits: Backlog) -> None:
        self._limits = limits
        self._waiting: deque[Encoded] | None = None
        self._size = 0
        self._poller: Event | None = None

    @property
    def open(self) -> bool:
        """Whether a poll is there, waiting or just about to leave."""
        return self._poller is not None

    def hold(self, packets: Iterable[Encoded]) -> bool:
        """Keep packets for a poll, and let the one that waits leave with them. False: it is too much."""
        waiting = self._waiting = self._waiting or deque()
        for packet in packets:
            waiting.append(packet)
            self._size += len(packet)
        if self._size > self._limits.most_bytes or len(waiting) > self._limits.most_packets:
            return False
        self.wake()
        return True

    def wait(self) -> list[Encoded]:
        """A poll: wait for packets, and take them; raises `SecondPoll`. An empty list: there is nothing to wait for."""
        if self._poller is not None:
            raise SecondPoll
        if not self._waiting:
            self._poller = Event()
            try:
                self._poller.wait()
            finally:
                self._poller = None
        return self.take()

    def take(self) -> list[Encoded]:
        """All that waits for a poll, for another way."""
        taken, self._waiting, self._size = self._waiting, None, 0
        return list(taken or ())

    def answer(self, packet: Encoded) -> bool:
        """Answer the poll that waits with this. False: there is none, or it has its answer already."""
        if self._poller is None or self._waiting:
            return False
        return self.hold((packet,))

    def wake(self) -> None:
        """Let the poll that waits leave, with what there is."""
        if self._poller is not None:
            self._poller.set()
