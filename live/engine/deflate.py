"""permessage-deflate (RFC 7692) without context takeover, in either direction.

Context takeover would make every client's bytes different (a broadcast could not be compressed once) and cost each
socket a window of 32 to 300 KB. Without it a message compresses on its own, one result serves everybody, and an idle
socket holds nothing.
"""

import zlib

LEAST = 512  # bytes; below, a radio packet is sent anyway and the phone's inflating is for nothing
_TAIL = b"\x00\x00\xff\xff"
_RAW = -15
ACCEPTED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


class InflateError(Exception):
    """The client's bytes do not inflate, or to more than is allowed."""

    def __init__(self, reason: str, *, too_large: bool = False) -> None:
        super().__init__(reason)
        self.too_large = too_large


def accepted(offers: str) -> bool:
    """Whether one of the offers of a Sec-WebSocket-Extensions header can be answered with `ACCEPTED`.

    An offer that limits the server's window is passed over: what is deflated once has the full window.
    """
    return any(_acceptable([part.strip() for part in offer.split(";")]) for offer in offers.split(","))


def _acceptable(parts: list[str]) -> bool:
    known = {"server_no_context_takeover", "client_no_context_takeover", "client_max_window_bits"}
    return parts[0] == "permessage-deflate" and all(part.split("=")[0].strip() in known for part in parts[1:])


def deflate(data: bytes) -> bytes:
    """A message as it is sent with the compressed bit set."""
    maker = zlib.compressobj(6, zlib.DEFLATED, _RAW)
    return (maker.compress(data) + maker.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]


def inflate(data: bytes, limit: int) -> bytes:
    """The message again; raises `InflateError`. Never makes more than `limit` bytes of it."""
    reader = zlib.decompressobj(_RAW)
    try:
        message = reader.decompress(data + _TAIL, limit + 1)
    except zlib.error:
        raise InflateError("not deflated") from None
    if len(message) > limit:
        raise InflateError("message too large", too_large=True)
    return message
