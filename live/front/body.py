"""The body of a request as the application reads it: it comes fast enough, or ends in a refusal and not in a fault."""

from collections.abc import Callable
from typing import Any, Protocol

import gevent
from gevent.pywsgi import Input
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from base.errors import Problem
from live.front.intake import Intake, TooMuch

_MOST_UNREAD = 20 * 1024 * 1024  # of a refused body that is read away, so that its sender reads the refusal
_PIECE = 16 * 1024
_FRAMING = 16 * 1024


class TooSlow(Problem):
    """The body did not come in its time; its connection ends."""

    status, code, title = 408, "too_slow", "The body came too slowly"


class Reading(Protocol):
    """The connection that the body comes by."""

    close_connection: bool

    def reads_body(self) -> Intake:
        """The application waits for the body; returns what it comes by."""
        ...

    def has_read(self) -> None:
        """It waits no more."""


class Body(Input):
    """Raises `TooSlow`, or what Flask answers with 413 or 400. The connection is of no use then."""

    __slots__ = ("_broken", "_reading")

    def __init__(self, reading: Reading, plain: Input, rfile: Any) -> None:
        super().__init__(rfile, plain.content_length, plain.socket, plain.chunked_input)
        self._reading = reading
        self._broken = False

    def read(self, length: int | None = None) -> bytes:
        """So much of it, or all."""
        if length is not None and length < 0:
            length = None
        return self._timed(self._read_chunks if self.chunked_input else super().read, length)

    def readline(self, size: int | None = None) -> bytes:
        """A line of it."""
        return self._timed(super().readline, size)

    def _timed(self, read: Callable[[int | None], bytes], length: int | None) -> bytes:
        intake = self._reading.reads_body()
        if not self.chunked_input:
            intake.allow((self.content_length or 0) + _FRAMING)
        try:
            return read(length)
        except TimeoutError:
            self._break_off()
            raise TooSlow from None
        except TooMuch:
            self._break_off()
            raise RequestEntityTooLarge("The chunks of the body are smaller than their frames.") from None
        except OSError:
            self._break_off()
            raise ClientDisconnected from None
        finally:
            self._reading.has_read()

    def _read_chunks(self, length: int | None) -> bytes:
        """In pieces: the frames of chunks are read byte by byte, and must not be most of what is read."""
        parts: list[bytes] = []
        intake = self._reading.reads_body()
        while length is None or length > 0:
            piece = _PIECE if length is None else min(_PIECE, length)
            intake.allow(_FRAMING + 2 * piece)
            parts.append(self._chunked_read(piece))
            if not parts[-1]:
                break
            length = None if length is None else length - len(parts[-1])
            gevent.sleep(0)
        return b"".join(parts)

    def _break_off(self) -> None:
        self._broken = self._reading.close_connection = True

    def _discard(self) -> None:
        """Read away what the application left, if it is worth it; else the connection ends."""
        if self._broken or self._chunked_input_error:
            return
        if self._is_held_back() or (self.content_length or 0) - self.position > _MOST_UNREAD:
            self._reading.close_connection = True
            return
        self.send_100_continue_enabled = False
        self._read_away()

    def _is_held_back(self) -> bool:
        """Whether the sender still waits to be told to go on, which nobody does."""
        return self.socket is not None and bool(self.content_length or self.chunked_input)

    def _read_away(self) -> None:
        left = _MOST_UNREAD
        while left > 0 and (self.chunked_input or self.position < (self.content_length or 0)):
            try:
                data = self.read(_PIECE)
            except (TooSlow, HTTPException):
                return
            if not data:
                return
            left -= len(data)
        if left <= 0:
            self._reading.close_connection = True
