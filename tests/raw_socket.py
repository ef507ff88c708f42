"""A client that sends exactly what a test says: HTTP for polling, and WebSocket frames over a plain socket."""

import base64
import http.client
import json
import os
import socket
import struct
import zlib
from typing import Any

import requests

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
WAIT_S = 60.0


class Polling:
    """One Engine.IO session over polling; `sid` is known once it is opened."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._url = f"{address}/socket.io/"
        self.sid = ""
        self.opening: dict[str, Any] = {}

    def ask(self, method: str = "GET", body: Any = None, **query: str) -> requests.Response:
        """Any request to the path, with exactly this query."""
        return requests.request(method, self._url, params=query, data=body, timeout=WAIT_S)

    def opened(self) -> "Polling":
        """Open a session."""
        answer = self.ask(EIO="4", transport="polling")
        assert answer.status_code == 200, answer.text
        self.opening = json.loads(answer.text[1:])
        self.sid = self.opening["sid"]
        return self

    def poll(self) -> requests.Response:
        """Fetch what waits."""
        return self.ask(EIO="4", transport="polling", sid=self.sid)

    def begins_poll(self, kept: http.client.HTTPConnection | None = None) -> http.client.HTTPConnection:
        """Send a poll whose answer is read later; it reaches the server before whatever is sent after it."""
        connection = kept or self.connects()
        connection.request("GET", f"/socket.io/?EIO=4&transport=polling&sid={self.sid}")
        return connection

    def connects(self) -> http.client.HTTPConnection:
        """A connection that the server has taken already, as browsers keep them."""
        connection = http.client.HTTPConnection(self._address.removeprefix("http://"), timeout=WAIT_S)
        connection.request("OPTIONS", "/socket.io/")
        connection.getresponse().read()
        return connection

    def begins_push(self, start: bytes, of: int) -> http.client.HTTPConnection:
        """Send the head of a push and the first of its `of` bytes."""
        connection = http.client.HTTPConnection(self._address.removeprefix("http://"), timeout=WAIT_S)
        connection.putrequest("POST", f"/socket.io/?EIO=4&transport=polling&sid={self.sid}")
        connection.putheader("Content-Length", str(of))
        connection.endheaders()
        connection.send(start)
        return connection

    def push(self, body: str | bytes) -> requests.Response:
        """Send packets."""
        return self.ask("POST", body, EIO="4", transport="polling", sid=self.sid)


class RawWebSocket:
    """A WebSocket that hides nothing. `refused` is the status when the handshake was refused."""

    def __init__(
        self,
        address: str,
        query: str,
        extensions: str = "",
        buffer: int | None = None,
        wait_s: float = WAIT_S,
    ) -> None:
        host, port = address.removeprefix("http://").split(":")
        self._socket = socket.socket()
        self._socket.settimeout(wait_s)
        if buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        # As browsers have it; else the kernel keeps a second small frame until it knows that the first one came.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.connect((host, int(port)))
        self._buffer = b""
        lines = [
            f"GET /socket.io/?{query} HTTP/1.1",
            f"Host: {host}:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        ]
        if extensions:
            lines.append(f"Sec-WebSocket-Extensions: {extensions}")
        self.sends_bytes("\r\n".join([*lines, "", ""]).encode())
        self.headers = self._until(b"\r\n\r\n").decode()
        status = int(self.headers.split()[1])
        self.refused = None if status == 101 else status

    @classmethod
    def opened(cls, address: str, **options: Any) -> "RawWebSocket":
        """A WebSocket with its OPEN packet read."""
        opened = cls(address, "EIO=4&transport=websocket", **options)
        assert opened.reads_text().startswith("0{")
        return opened

    @classmethod
    def connected(cls, address: str, **options: Any) -> "RawWebSocket":
        """One that is connected to `/` of the conformance application."""
        opened = cls.opened(address, **options)
        opened.sends("40")
        assert opened.reads_text().startswith("40{")
        assert opened.reads_text().startswith('42["auth"')
        return opened

    def sends(self, *messages: str | bytes) -> None:
        """Send messages, in one write."""
        frames = (
            frame(TEXT, message.encode()) if isinstance(message, str) else frame(BINARY, message)
            for message in messages
        )
        self.sends_bytes(b"".join(frames))

    def sends_bytes(self, data: bytes) -> None:
        """Send anything."""
        self._socket.sendall(data)

    def reads_frame(self) -> tuple[int, bytes, bool]:
        """Opcode, payload, and whether it was deflated; raises ConnectionError at the end of the stream."""
        first, second = self._exactly(2)
        length = second & 127
        if length >= 126:
            length = int.from_bytes(self._exactly(2 if length == 126 else 8))
        payload = self._exactly(length)
        deflated = bool(first & 0x40)
        if deflated:
            payload = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
        return first & 15, payload, deflated

    def reads(self) -> str | bytes:
        """The next message that is no Engine.IO ping."""
        while True:
            opcode, payload, _ = self.reads_frame()
            if opcode == BINARY:
                return payload
            if opcode == CLOSE:
                raise ConnectionError("close frame")
            if payload != b"2":
                return payload.decode()

    def reads_text(self) -> str:
        """The next message, which is text."""
        message = self.reads()
        assert isinstance(message, str)
        return message

    def is_closed(self) -> bool:
        """Whether the server ends the connection, within a minute; what it says until then is read away."""
        try:
            while True:
                self.reads()
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def hears_out(self) -> list[tuple[int, bytes]]:
        """All frames until the stream ends, which is in order and within five seconds; nothing is answered."""
        frames = []
        while True:
            try:
                frames.append(self.reads_frame()[:2])
            except ConnectionResetError:
                raise
            except ConnectionError:
                return frames

    def close(self) -> None:
        """Drop the connection."""
        self._socket.close()

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._more()
        taken, _, self._buffer = self._buffer.partition(mark)
        return taken

    def _more(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("end of stream")
        self._buffer += data


def frame(opcode: int, payload: bytes, *, first: int | None = None, masked: bool = True) -> bytes:
    """A client's frame; `first` replaces the first byte."""
    length = len(payload)
    bit = 0x80 if masked else 0
    head = bytes((0x80 | opcode if first is None else first,))
    if length < 126:
        head += bytes((bit | length,))
    elif length < 1 << 16:
        head += struct.pack("!BH", bit | 126, length)
    else:
        head += struct.pack("!BQ", bit | 127, length)
    if not masked:
        return head + payload
    mask = b"\x12\x34\x56\x78"  # any will do, and the same each time keeps the names of tests
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
