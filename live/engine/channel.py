"""One WebSocket: a file descriptor, a read watcher and, while the kernel takes no more, a backlog.

Nothing here yields; every method may be called from a watcher's callback or from a greenlet.
"""

import contextlib
import socket as sockets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gevent import get_hub

from live.engine.budget import FRAME, MESSAGE, READ, Budget
from live.engine.frames import CLOSE, PING, PONG, FrameReader, ProtocolFault, Received, close_frame, frame
from live.engine.receiver import Receiver

_READ, _WRITE = 1, 2
_READ_SIZE = 16 * 1024
_LINGER_S = 2.0
_KERNEL_BUFFER = 128 * 1024  # the kernel's default grows to megabytes, for each of ten thousand
_BUDGET = Budget()


@dataclass(frozen=True)
class Backlog:
    """How much may wait for one client before it is cut off."""

    most_bytes: int = 1024 * 1024
    most_packets: int = 4_096


class Channel:
    """The server's end of a WebSocket that has been shaken hands on."""

    __slots__ = (
        "_backlog",
        "_budget",
        "_bytes",
        "_ended",
        "_limits",
        "_packets",
        "_paid_until",
        "_readable",
        "_reader",
        "_send",
        "_socket",
        "_timer",
        "_writable",
        "deflates",
        "receiver",
    )

    def __init__(
        self, sock: Any, reader: FrameReader, limits: Backlog, deflates: bool, budget: Budget | None = None
    ) -> None:
        sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, _KERNEL_BUFFER)
        self._socket: Any = sock  # None once it is closed
        self._send: Callable[[Any], int] = sock.send
        self._reader = reader
        self._limits = limits
        self._budget = budget or _BUDGET
        self._paid_until = 0.0
        self._backlog: deque[tuple[Any, int]] | None = None
        self._bytes = self._packets = 0
        self._ended = False
        self._timer: Any = None
        self._writable: Any = None
        self._readable: Any = get_hub().loop.io(sock.fileno(), _READ)
        self.deflates = deflates
        self.receiver: Receiver | None = None

    def start(self, receiver: Receiver) -> None:
        """Begin to listen."""
        self.receiver = receiver
        self._readable.start(self._on_readable)

    def pause(self) -> None:
        """Read no more for now; the client is held back by its own full buffers."""
        self._readable.stop()

    def resume(self) -> None:
        """Read again."""
        if self._socket is not None and not self._readable.active:
            self._readable.start(self._on_readable)

    def listen_now(self) -> None:
        """Read what has come already, rather than when the event loop gets to it."""
        if self._socket is not None and self._readable.active:
            self._on_readable()

    def pause_s(self) -> float:
        """For how long the client waits before more is done for it."""
        return self._budget.pause_s(self._paid_until)

    def write(self, data: bytes, packets: int = 1) -> bool:
        """Send frames now, or behind what is already waiting. False: the backlog is full, and they were not taken."""
        if self._ended:
            return True
        if self._backlog is not None:
            return self._wait(data, packets)
        try:
            sent = self._send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return True  # the read watcher hears of the end, and tells it
        if sent < len(data):
            return self._wait(memoryview(data)[sent:], packets)
        return True

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a close frame behind everything else, and hang up; no answer to it is waited for."""
        if not self._ended:
            self.write(close_frame(code, reason), 0)
            self.hang_up()

    def hang_up(self) -> None:
        """End the stream behind everything else, without a close frame; what has not left in two seconds is lost."""
        if self._ended:
            return
        self._ended = True
        self.receiver = None
        if self._socket is not None:
            self.resume()
            self.end_after(_LINGER_S)
            if self._backlog is None:
                self._end_stream()

    def end_after(self, seconds: float | None) -> None:
        """Cut it when that time has passed; None: do not."""
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None
        if seconds is not None and self._socket is not None:
            self._timer = get_hub().loop.timer(seconds)
            # From now, not from when the loop last looked at the clock: it may have been busy since.
            self._timer.start(self._late, update=True)

    def cut(self) -> None:
        """End at once, without a word."""
        self._ended = True
        self.receiver = None
        for watcher in (self._readable, self._writable, self._timer):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._writable = self._timer = self._backlog = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _wait(self, data: Any, packets: int) -> bool:
        size, count = self._bytes + len(data), self._packets + packets
        if size > self._limits.most_bytes or count > self._limits.most_packets:
            return False
        self._bytes, self._packets = size, count
        if self._backlog is None:
            self._backlog = deque()
            self._writable = get_hub().loop.io(self._socket.fileno(), _WRITE)
            self._writable.start(self._on_writable)
        self._backlog.append((data, packets))
        return True

    def _on_writable(self) -> None:
        backlog = self._backlog
        while backlog:
            data, packets = backlog[0]
            try:
                sent = self._send(data)
            except BlockingIOError:
                return
            except OSError:
                self._gone("transport error")
                return
            self._bytes -= sent
            if sent < len(data):
                backlog[0] = (data[sent:], packets)
                return
            backlog.popleft()
            self._packets -= packets
        self._writable.stop()
        self._writable.close()
        self._writable = self._backlog = None
        if self._ended:
            self._end_stream()

    def _end_stream(self) -> None:
        """Let the client read the end behind the last byte.

        The descriptor stays until the client has ended its side, too: were it closed while something of the client's is
        unread, the kernel would reset the connection, and the client would lose what it has not read yet.
        """
        with contextlib.suppress(OSError):
            self._socket.shutdown(sockets.SHUT_WR)

    def _on_readable(self) -> None:
        try:
            data = self._socket.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            self._gone("transport error")
            return
        if not data:
            self._gone("transport close")
        elif not self._ended:
            self._read(data)

    def _read(self, data: bytes) -> None:
        try:
            received = self._reader.feed(data)
        except ProtocolFault as fault:
            self._end(fault.code, fault.reason, "transport error")
            return
        if not self._pays_for(received):
            if self.receiver is not None:
                self.receiver.channel_overspent()
            return
        for opcode, message in received:
            self._hear(opcode, message)

    def _pays_for(self, received: list[Received]) -> bool:
        """Whether the client may have this much done, counted before anything is done with it."""
        cost = READ + FRAME * self._reader.frames
        for opcode, message in received:
            if opcode < CLOSE:
                cost += MESSAGE + len(message)
        self._paid_until, too_much = self._budget.spend(self._paid_until, cost)
        return not too_much

    def _hear(self, opcode: int, message: Any) -> None:
        if opcode == CLOSE:
            self._end(1000, "", "transport close")
        elif opcode == PING:
            self.write(frame(PONG, message), 0)
        elif opcode != PONG and self.receiver is not None:
            self.receiver.channel_heard(message)

    def _end(self, code: int, words: str, reason: str) -> None:
        """Answer the client's close frame, or its fault, and tell."""
        receiver = self.receiver
        self.close(code, words)
        if receiver is not None:
            receiver.channel_closed(reason)

    def _late(self) -> None:
        self._gone("transport close")

    def _gone(self, reason: str) -> None:
        receiver = self.receiver
        self.cut()
        if receiver is not None:
            receiver.channel_closed(reason)
