"""Who waits for which events of one organisation. Pure: no threads, no clock, no database.

An event has one address: a scope, or a person. A waiter is in the room of its person and in those of the scopes that
it follows, and is to be called when an event comes to one of them that it has not seen. What changes which scopes
somebody follows is addressed to the person, so the rooms of one who waits never have to change.
"""

import enum
import threading
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple
from uuid import UUID

# So many of the last events are kept, for those who come when these have been handed out already.
_KEPT = 1_000


@dataclass(slots=True)
class Waiting:
    """A request that has seen everything up to `position` of `epoch`, and would wait so many seconds for more."""

    seconds: float
    organisation_id: UUID
    session_id: UUID
    addresses: Collection[UUID]
    """The person, and the scopes that they follow. Taken from here when it waits: its rooms know them."""
    position: int
    epoch: UUID
    goes_on: bool = False
    """Whether it has not looked: it takes up the seat of the session's last request, as `Seats.kept_for` told."""


class Addressed(NamedTuple):
    """To which person or scope the event at a position is addressed; None: it reaches nobody."""

    position: int
    address: UUID | None


class State(enum.Enum):
    """What becomes of a waiter."""

    WAITS = enum.auto()
    CALLED = enum.auto()  # something has come; it stands in the queue of those who look
    LOOKS = enum.auto()  # it is its turn
    RESTS = enum.auto()  # its time is over; its seat is kept for the session's next request
    DONE = enum.auto()


class Room:
    """Those who wait for what is addressed to one person or scope."""

    __slots__ = ("address", "waiters")

    def __init__(self, address: UUID) -> None:
        self.address = address
        self.waiters: set[Waiter] = set()


class Waiter:
    """One request that waits. There may be thousands, so it keeps little: rooms instead of their ids."""

    __slots__ = ("began", "bell", "home", "looked", "position", "rooms", "session_id", "state")

    def __init__(self, waiting: Waiting, began: float, home: "Waiters") -> None:
        self.session_id, self.position, self.home = waiting.session_id, waiting.position, home
        self.began = self.looked = began  # when the present request came, and the one that looked
        self.state = State.WAITS
        self.rooms: list[Room] = []
        self.bell = threading.Lock()
        self.bell.acquire()

    def becomes(self, state: State) -> None:
        """Ring, unless it was rung for already."""
        if self.state in (State.WAITS, State.CALLED):
            self.state = state
            self.bell.release()


class Waiters:
    """Those of one organisation, and how far its journal was handed out to them: up to `position` of `epoch`."""

    def __init__(self, organisation_id: UUID, position: int, epoch: UUID) -> None:
        self.organisation_id, self.position, self.epoch = organisation_id, position, epoch
        self.looked_at = 0.0
        self._count = 0
        self._rooms: dict[UUID, Room] = {}
        self._recent: deque[Addressed] = deque(maxlen=_KEPT)

    def admit(self, waiter: Waiter, addresses: Collection[UUID]) -> bool:
        """Put a waiter into its rooms; False when something may have come since it looked."""
        for address in addresses:
            room = self._rooms.get(address) or self._rooms.setdefault(address, Room(address))
            room.waiters.add(waiter)
            waiter.rooms.append(room)
        self._count += 1
        return not self._has_come(waiter.position, addresses)

    def dismiss(self, waiter: Waiter) -> bool:
        """Let a waiter go; returns whether nobody is left."""
        self._count -= 1
        for room in waiter.rooms:
            room.waiters.discard(waiter)
            if not room.waiters:
                self._rooms.pop(room.address, None)
        return not self._count

    def apply(self, events: Sequence[Addressed]) -> Iterable[Waiter]:
        """Advance over the next events, and return whom they concern.

        Each room is asked once, however many of the events are addressed to it.
        """
        self.position = events[-1].position
        self._recent.extend(events)
        newest = {event.address: event.position for event in events if event.address is not None}
        rooms = [
            (self._rooms[address], position) for address, position in newest.items() if address in self._rooms
        ]
        return [waiter for room, position in rooms for waiter in room.waiters if waiter.position < position]

    def everyone(self) -> Iterable[Waiter]:
        """All of them."""
        return {waiter for room in self._rooms.values() for waiter in room.waiters}

    def _has_come(self, after: int, addresses: Collection[UUID]) -> bool:
        if after >= self.position:
            return False
        if not self._recent or self._recent[0].position > after + 1:
            return True
        later = takewhile(lambda event: event.position > after, reversed(self._recent))
        return any(event.address in addresses for event in later)
