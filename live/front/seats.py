"""The connections of a process: how many there are, from where, and which of them goes when another needs room.

Used from the event loop only; nothing in it yields.
"""

import contextlib
import ipaddress
import socket as sockets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from gevent import monkey

_MOST_WAITING = 4_096  # of one kind: each holds a greenlet and a buffer
_AT_ONCE = struct.pack("ii", 1, 0)
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-length: 0\r\n\r\n"
_Socket = monkey.get_original("socket", "socket")


class Waits(IntEnum):
    """For what of its client a connection waits; in the order in which they make room."""

    FIRST_HEAD = 0
    REST = 1
    BODY = 2
    ANSWER = 3


@dataclass(frozen=True)
class Room:
    """How many connections there may be, how many more for whom nobody makes room, and how many of one address.

    `per_address` 0: any number. Addresses of the machine itself are a proxy's or a tool's: counted where `own` says so.
    """

    most: int = 60_000
    spare: int = 16
    per_address: int = 1_000
    own: bool = False


class Place:
    """An address, with the number of its connections, and those of them that wait, in the order of coming."""

    __slots__ = ("count", "waiting")

    def __init__(self) -> None:
        self.count = 0
        self.waiting: dict[Seat, None] | None = None


class Seat:
    """One connection. `sock`: None once the seat is another's; `spare`: it was let in although there was no room."""

    __slots__ = ("address", "sock", "spare", "waits")

    def __init__(self, sock: Any, address: str) -> None:
        self.sock: Any = sock
        self.address = address
        self.spare = False
        self.waits: Waits | None = None


class Seats:
    """All connections of a process, WebSockets too. `unsettled` lets one of those go that have not connected."""

    def __init__(self, room: Room, unsettled: Callable[[], bool] = lambda: False) -> None:
        self._room = room
        self._places: dict[str, Place] = {}
        self._waiting: tuple[dict[Seat, None], ...] = tuple({} for _ in Waits)
        self.unsettled = unsettled
        self.taken = 0

    def take(self, sock: Any, address: str) -> Seat | None:
        """A seat for a new connection, another one's if need be; None: it has to go."""
        address, room = block_of(address), self._room
        if not self._has_room_for(address):
            return None
        seat = Seat(sock, address)
        seat.spare = self.taken >= room.most and not self._made_room()
        if self.taken >= room.most + (1 if seat.spare else 2) * room.spare:
            return None
        self.taken += 1
        self._places.setdefault(address, Place()).count += 1
        return seat

    def wait(self, seat: Seat, waits: Waits | None) -> None:
        """A connection waits for its client now; None: it does not any more."""
        if seat.sock is None:
            return
        place = self._places[seat.address]
        if seat.waits is not None:
            self._waiting[seat.waits].pop(seat, None)
        seat.waits = waits
        if waits is None:
            if place.waiting is not None:
                place.waiting.pop(seat, None)
            return
        self._waiting[waits][seat] = None
        if place.waiting is None:
            place.waiting = {}
        place.waiting[seat] = None
        if waits <= Waits.REST and len(self._waiting[waits]) > _MOST_WAITING:
            self._end_first(self._waiting[waits])

    def leave(self, seat: Seat) -> None:
        """A connection has ended, if it was not made to."""
        if seat.sock is not None:
            self.wait(seat, None)
            seat.sock = None
            self.release(seat.address)

    def keep(self, seat: Seat, sock: Any) -> Any:
        """A WebSocket goes on without a seat of its own; its socket counts until it is closed."""
        self.wait(seat, None)
        seat.sock = None
        return Seated(sock.detach(), self, seat.address)

    def release(self, address: str) -> None:
        """One connection less of an address."""
        self.taken -= 1
        place = self._places[address]
        place.count -= 1
        if not place.count:
            del self._places[address]

    def _has_room_for(self, address: str) -> bool:
        """Whether an address may have one more; one of its own that waits makes room."""
        place, most = self._places.get(address), self._room.per_address
        if not most or place is None or place.count < most or (_is_own(address) and not self._room.own):
            return True
        return place.waiting is not None and self._end_first(place.waiting)

    def _made_room(self) -> bool:
        """Whether one had to go; a poll of one who has not connected is over within a moment."""
        first_head, rest, *standing = self._waiting
        return (
            self._end_first(first_head)
            or self._end_first(rest)
            or self.unsettled()
            or any(self._end_first(waiting) for waiting in standing)
        )

    def _end_first(self, waiting: dict[Seat, None]) -> bool:
        """End the one that waits longest, and keep nothing of what was to be sent to it.

        Whose body is read is told so: a proxy would else take the end for a fault of the process, and leave it alone.
        """
        seat = next(iter(waiting), None)
        if seat is None:
            return False
        sock, waits = seat.sock, seat.waits
        self.leave(seat)
        if waits is Waits.BODY:
            with contextlib.suppress(OSError):
                sock.send(_TOO_SLOW, 0, 0.0)
        else:
            end_at_once(sock)
        sock.close()
        return True


class Seated(_Socket):  # type: ignore[misc, valid-type]
    """A socket that counts as one of its address until it is closed."""

    __slots__ = ("_address", "_seats")

    def __init__(self, fileno: int, seats: Seats, address: str) -> None:
        super().__init__(fileno=fileno)
        self.setblocking(False)
        self._seats: Seats | None = seats
        self._address = address

    def close(self) -> None:
        """Close it, and count it no more."""
        super().close()
        seats, self._seats = self._seats, None
        if seats is not None:
            seats.release(self._address)


def end_at_once(sock: Any) -> None:
    """Have the kernel drop what it has still to send when the socket is closed."""
    sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, _AT_ONCE)


@lru_cache(maxsize=4_096)
def block_of(address: str) -> str:
    """What counts as one address: of IPv6 the network that one household or phone has to itself."""
    if ":" not in address:
        return address
    whole = ipaddress.IPv6Address(address.partition("%")[0])
    if whole.ipv4_mapped is not None:
        return str(whole.ipv4_mapped)
    return address if whole.is_loopback else str(ipaddress.IPv6Network((whole, 64), strict=False))


def _is_own(address: str) -> bool:
    return address.startswith("127.") or address == "::1"
