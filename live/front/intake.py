"""The bytes of one connection, taken in only as long as they come fast enough, and no more than were asked for."""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_FOREVER = float("inf")


@dataclass(frozen=True)
class Times:
    """Seconds for headers, of rest between two requests, of grace for bodies and answers; then bytes a second."""

    headers_s: float = 15.0
    rest_s: float = 75.0  # longer than proxies keep theirs, who would else send a request into the end of it
    grace_s: float = 20.0
    least_rate: float = 4096.0


class TooMuch(ValueError):
    """More bytes than a request's head, or the frame of a body in chunks, can have use for."""


class Intake(io.RawIOBase):
    """Reads from a gevent socket. Raises TimeoutError where the time is over, `TooMuch` beyond what was allowed."""

    def __init__(self, sock: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._sock, self._clock = sock, clock
        self._until = self._then_s = 0.0
        self._seconds_a_byte = 0.0
        self._left: float = _FOREVER

    def expect_head(self, first_s: float, then_s: float, most: int) -> None:
        """A request: its first byte within a time, the rest of its head within another time of that."""
        self._until, self._then_s = self._clock() + first_s, then_s
        self._seconds_a_byte, self._left = 0.0, most

    def expect_body(self, grace_s: float, least_rate: float) -> None:
        """A body: a time of grace, and with each byte the time that it may take."""
        self._until, self._then_s = self._clock() + grace_s, 0.0
        self._seconds_a_byte, self._left = 1 / least_rate, _FOREVER

    def allow(self, most: int) -> None:
        """Take so many bytes from now on."""
        self._left = most

    def readable(self) -> bool:
        """It is all that it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for bytes, and take them; 0 at the end of the stream."""
        left_s = self._until - self._clock()
        if left_s <= 0:
            raise TimeoutError("too slow")
        if self._left <= 0:
            raise TooMuch("more than was expected")
        self._sock.settimeout(left_s)
        count = self._sock.recv_into(buffer)
        self._left -= count
        self._until += count * self._seconds_a_byte
        if self._then_s:
            self._until, self._then_s = self._clock() + self._then_s, 0.0
        return count
