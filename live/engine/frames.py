"""WebSocket frames (RFC 6455), without any I/O: making the server's, reading the client's."""

import struct

from live.engine.deflate import InflateError, inflate

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_CONTROL_LIMIT = 125
_MOST_PIECES = 256  # of one message; empty ones would come without end, and add nothing to its size
_KNOWN = frozenset((CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG))
_FIN, _COMPRESSED, _RESERVED, _MASKED = 0x80, 0x40, 0x30, 0x80

Received = tuple[int, str | bytes]


class ProtocolFault(Exception):
    """The peer broke the protocol; `code` is what the close frame says."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def frame(opcode: int, payload: bytes, *, compressed: bool = False) -> bytes:
    """A whole message in one unmasked frame, as servers send it."""
    first = _FIN | opcode | (_COMPRESSED if compressed else 0)
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 1 << 16:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """The frame that ends a connection."""
    return frame(CLOSE, struct.pack("!H", code) + reason.encode()[: _CONTROL_LIMIT - 2])


def unmasked(mask: bytes, data: bytes) -> bytes:
    """Data with the client's mask taken off; as one big XOR, which is the fastest that plain Python has."""
    length = len(data)
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(data, "little") ^ int.from_bytes(key, "little")).to_bytes(length, "little")


class FrameReader:
    """Turns the bytes of one client into messages; text arrives as str, everything else as bytes."""

    __slots__ = ("_buffer", "_compressed", "_deflates", "_limit", "_opcode", "_parts", "_size", "frames")

    def __init__(self, limit: int, deflates: bool) -> None:
        self._limit = limit
        self._deflates = deflates
        self._buffer = b""
        self._parts: list[bytes] | None = None
        self._opcode = self._size = 0
        self._compressed = False
        self.frames = 0  # how many the last bytes completed

    def feed(self, data: bytes) -> list[Received]:
        """The messages that are complete now; raises `ProtocolFault`."""
        buffer = self._buffer + data if self._buffer else data
        at, received = 0, []
        self.frames = 0
        while (end := self._end_of_frame(buffer, at)) is not None:
            message = self._take(buffer[at], buffer, *end)
            at = end[2]
            self.frames += 1
            if message is not None:
                received.append(message)
        self._buffer = buffer[at:]
        return received

    def _end_of_frame(self, buffer: bytes, at: int) -> tuple[bytes, int, int] | None:
        """Mask, start and end of the payload of the frame at `at`; None while it is not all there."""
        if len(buffer) - at < 2:
            return None
        second = buffer[at + 1]
        if not second & _MASKED:
            raise ProtocolFault(1002, "a client's frames are masked")
        length, head = second & 127, at + 2
        if length == 126:
            length, head = int.from_bytes(buffer[head : head + 2]), head + 2
        elif length == 127:
            length, head = int.from_bytes(buffer[head : head + 8]), head + 8
        start = head + 4
        if len(buffer) < start:
            return None
        if length + self._size > self._limit:
            raise ProtocolFault(1009, "message too large")
        if len(buffer) < start + length:
            return None
        return buffer[head:start], start, start + length

    def _take(self, first: int, buffer: bytes, mask: bytes, start: int, end: int) -> Received | None:
        opcode = first & 0x0F
        payload = unmasked(mask, buffer[start:end])
        if first & _RESERVED or opcode not in _KNOWN:
            raise ProtocolFault(1002, "reserved bits or opcode")
        if opcode >= CLOSE:
            if not first & _FIN or len(payload) > _CONTROL_LIMIT or first & _COMPRESSED:
                raise ProtocolFault(1002, "malformed control frame")
            return opcode, payload
        return self._joined(first, opcode, payload)

    def _joined(self, first: int, opcode: int, payload: bytes) -> Received | None:
        """The message that a data frame completes."""
        compressed = bool(first & _COMPRESSED)
        if (opcode == CONTINUATION) == (self._parts is None) or (compressed and not self._deflates):
            raise ProtocolFault(1002, "unexpected data frame")
        if self._parts is None:
            self._parts, self._opcode, self._compressed = [], opcode, compressed
        elif compressed:
            raise ProtocolFault(1002, "only a message's first frame says that it is compressed")
        if len(self._parts) >= _MOST_PIECES:
            raise ProtocolFault(1009, "message in too many pieces")
        self._parts.append(payload)
        self._size += len(payload)
        if not first & _FIN:
            return None
        whole = b"".join(self._parts)
        self._parts, self._size = None, 0
        return self._opcode, self._decoded(whole)

    def _decoded(self, whole: bytes) -> str | bytes:
        try:
            if self._compressed:
                whole = inflate(whole, self._limit)
            return whole.decode() if self._opcode == TEXT else whole
        except UnicodeDecodeError:
            raise ProtocolFault(1007, "not UTF-8") from None
        except InflateError as error:
            raise ProtocolFault(1009 if error.too_large else 1007, str(error)) from None
