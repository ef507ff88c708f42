"""Messages over a socket of one's own: eight bytes of length, then so many bytes."""

import socket
import struct
import time

_LENGTH = struct.Struct("<Q")


def write_frame(to: socket.socket, content: bytes) -> None:
    """Send a message; raises `OSError`."""
    to.sendall(_LENGTH.pack(len(content)))
    to.sendall(content)


def read_frame(of: socket.socket, until: float | None = None) -> bytearray:
    """The next message, by a moment of `time.monotonic()`; raises `EOFError` at the end, and `OSError`."""
    (length,) = _LENGTH.unpack(_read(of, _LENGTH.size, until))
    return _read(of, length, until)


def _read(of: socket.socket, length: int, until: float | None) -> bytearray:
    content = bytearray(length)
    missing = memoryview(content)
    while missing:
        if until is not None:
            of.settimeout(max(until - time.monotonic(), 0.001))
        got = of.recv_into(missing)
        if not got:
            raise EOFError
        missing = missing[got:]
    return content
