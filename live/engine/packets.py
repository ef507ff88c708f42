"""Engine.IO packets as text: read from clients, and made once for all who get them."""

import base64
import binascii
from collections.abc import Sequence

from live.engine.deflate import LEAST, deflate
from live.engine.frames import BINARY, TEXT, frame

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
SEPARATOR = "\x1e"
_MOST_PACKETS = 1_000

Encoded = str | bytes  # with the type in front; bytes are a binary message


class Malformed(Exception):
    """What the client sent is no packet; its connection ends."""


class Outgoing:
    """Packets on their way to any number of sockets. Every form of them is made once, when first asked for."""

    __slots__ = ("_deflated", "_parts", "_plain", "packets")

    def __init__(self, *packets: Encoded) -> None:
        self.packets = packets
        self._parts: Sequence[Outgoing] = ()
        self._plain: bytes | None = None
        self._deflated: bytes | None = None

    @classmethod
    def joined(cls, parts: Sequence["Outgoing"]) -> "Outgoing":
        """Several as one; what was made of a part for others is used again."""
        if len(parts) == 1:
            return parts[0]
        whole = cls(*(packet for part in parts for packet in part.packets))
        whole._parts = parts
        return whole

    def framed(self, deflates: bool) -> bytes:
        """All packets as WebSocket frames, one behind the other; deflated where that pays."""
        made = self._deflated if deflates else self._plain
        if made is not None:
            return made
        if self._parts:
            made = b"".join([part.framed(deflates) for part in self._parts])
        else:
            made = b"".join([_frame(packet, deflates) for packet in self.packets])
        if deflates:
            self._deflated = made
        else:
            self._plain = made
        return made


def payload(packets: list[Encoded]) -> str:
    """Packets as the body of a polling answer; binary ones as base64."""
    return SEPARATOR.join(
        packet if isinstance(packet, str) else "b" + base64.b64encode(packet).decode() for packet in packets
    )


def packets_of(body: str) -> list[Encoded]:
    """The packets of a polling request; raises `Malformed`."""
    parts = body.split(SEPARATOR)
    if len(parts) > _MOST_PACKETS:
        raise Malformed
    return [_unpacked(part) for part in parts]


def kind_of(packet: Encoded) -> str:
    """The type of a packet; raises `Malformed`."""
    if isinstance(packet, bytes):
        return MESSAGE
    kind = packet[:1]
    if not kind or kind not in "0123456":
        raise Malformed
    return kind


def content(packet: Encoded) -> Encoded:
    """A message without its type."""
    return packet if isinstance(packet, bytes) else packet[1:]


def _unpacked(part: str) -> Encoded:
    if not part.startswith("b"):
        return part
    try:
        return base64.b64decode(part[1:], validate=True)
    except binascii.Error:
        raise Malformed from None


def _frame(packet: Encoded, deflates: bool) -> bytes:
    opcode, data = (TEXT, packet.encode()) if isinstance(packet, str) else (BINARY, packet)
    if deflates and len(data) >= LEAST:
        packed = deflate(data)
        if len(packed) < len(data):
            return frame(opcode, packed, compressed=True)
    return frame(opcode, data)
