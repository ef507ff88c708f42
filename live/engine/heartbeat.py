"""Heartbeats and deadlines of all sockets, kept by one task instead of one each.

Each delay is the same for every socket, so whatever becomes due does so in the order in which it began: a plain
queue a delay is enough. A socket that has closed, or answered, is met when its entry comes up and passed over.

A server that was held up itself (a long garbage collection, a suspended machine) has not read the answers that wait
in its sockets. So time-outs are only judged on a beat that comes when it should.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, TypeVar

import gevent

from base.logs import logger

log = logger(__name__)
Item = TypeVar("Item")
_BEATS_PER_DELAY = 50
_SLOWEST_BEAT_S = 0.5
_MOST_LOOKED_AT = 1_000


@dataclass(frozen=True)
class Timing:
    """Seconds between a pong and the next ping; for an answer to it; until the first CONNECT; for an upgrade."""

    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    connect_timeout: float = 15.0
    upgrade_timeout: float = 10.0


class Beating(Protocol):
    """What a heartbeat needs to know of a socket."""

    closed: bool
    settled: bool
    pong_deadline: float | None

    @property
    def holds_connection(self) -> bool:
        """Whether a connection is open for it."""
        ...

    def cut(self, reason: str) -> None:
        """End it without a word."""

    def ping(self) -> None:
        """Send a ping."""

    def fail(self, reason: str) -> None:
        """End it for its silence."""


class Lane(Generic[Item]):
    """Things that become due one delay after they were put in."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self._queue: deque[tuple[float, Item]] = deque()

    def put(self, item: Item, since: float) -> None:
        """Due at `since` + delay."""
        self._queue.append((since + self.delay, item))

    def __iter__(self) -> Iterator[Item]:
        return (item for _, item in self._queue)

    def drop_first(self, useless: Callable[[Item], bool]) -> None:
        """Forget the first ones as far as they are of no use any more."""
        while self._queue and useless(self._queue[0][1]):
            self._queue.popleft()

    def due(self, now: float) -> Iterator[tuple[float, Item]]:
        """Take out what is due, with the moment at which it was."""
        while self._queue and self._queue[0][0] <= now:
            yield self._queue.popleft()


class Heartbeat:
    """The one task. It ends sockets with the reasons "ping timeout" and "connect timeout"."""

    def __init__(self, timing: Timing, clock: Callable[[], float] = time.monotonic) -> None:
        self.timing = timing
        self._clock = clock
        self._resting: Lane[Beating] = Lane(timing.ping_interval)
        self._awaited: Lane[Beating] = Lane(timing.ping_timeout)
        self._unsettled: Lane[Beating] = Lane(timing.connect_timeout)
        self.pause = min(_SLOWEST_BEAT_S, min(timing.ping_interval, timing.ping_timeout) / _BEATS_PER_DELAY)
        self._last = clock()

    def run(self) -> None:
        """Beat for ever."""
        while True:
            try:
                self.beat()
            except Exception as error:
                log.error("heartbeat_failed", exc_info=error)
            gevent.sleep(self.pause)

    def begin(self, socket: Beating) -> None:
        """A socket was opened."""
        now = self._clock()
        self._resting.put(socket, now)
        self._unsettled.put(socket, now)

    def pong(self, socket: Beating) -> None:
        """A socket answered; an answer that nobody waits for changes nothing."""
        if socket.pong_deadline is not None:
            socket.pong_deadline = None
            self._resting.put(socket, self._clock())

    def let_one_go(self) -> bool:
        """End who has kept a connection longest without having connected to a namespace; False: there is nobody."""
        self._unsettled.drop_first(lambda socket: socket.closed or socket.settled)
        for socket in islice(self._unsettled, _MOST_LOOKED_AT):
            if not socket.closed and not socket.settled and socket.holds_connection:
                socket.cut("no room")
                return True
        return False

    def overdue(self, socket: Beating) -> bool:
        """Whether the answer should have come by now."""
        return socket.pong_deadline is not None and socket.pong_deadline <= self._clock()

    def beat(self) -> None:
        """Ping those whose rest is over; end those that did not answer or never connected."""
        now = self._clock()
        held_up = now - self._last > 2 * self.pause + 0.05
        self._last = now
        for due, socket in self._resting.due(now):
            if not socket.closed:
                since = now if held_up else due
                socket.pong_deadline = since + self.timing.ping_timeout
                self._awaited.put(socket, since)
                socket.ping()
        if held_up:
            return
        for deadline, socket in self._awaited.due(now):
            if not socket.closed and socket.pong_deadline == deadline:
                socket.fail("ping timeout")
        for _, socket in self._unsettled.due(now):
            if not socket.closed and not socket.settled:
                socket.fail("connect timeout")
