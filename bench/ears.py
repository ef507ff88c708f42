"""Many listening sockets in one process, as cheap as plain Python has them: epoll, and frames that are only counted.

Commands come as JSON lines on standard input, answers go to standard output. The same program listens to the product
and to its peer, so neither has the better audience.
"""

import base64
import contextlib
import json
import os
import resource
import select
import socket
import sys
import time
from collections import deque
from typing import Any

from tests.raw_socket import TEXT, frame

_POST, _READY, _REFUSED = b'42["post.created"', b'42["ready"', b"44"
_NUMBER = b'"text":"'
_BUSY = 64  # handshakes at a time


class Ear:
    """One socket: its unread bytes, and how far its handshake is."""

    __slots__ = ("buffer", "shaken", "sock", "token")

    def __init__(self, sock: socket.socket, token: str | None) -> None:
        self.sock = sock
        self.token = token
        self.buffer = b""
        self.shaken = False


class Audience:
    """All sockets, and what they heard."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._epoll = select.epoll()
        self._ears: dict[int, Ear] = {}
        self.ready = self.refused = self.posts = 0
        self.last = 0.0
        self.heard: list[tuple[bytes, float]] | None = None

    def connect(self, tokens: list[str | None]) -> dict[str, Any]:
        """Connect one socket for each token; a rate over all, from the first SYN to the last `ready`."""
        waiting, begun, before = deque(tokens), time.monotonic(), self.ready
        while self.ready - before < len(tokens):
            while waiting and len(tokens) - len(waiting) - (self.ready - before) < _BUSY:
                self._begin(waiting.popleft())
            self._turn(10.0)
            assert not self.refused, "a socket was refused"
        return {"connected": len(tokens), "seconds": time.monotonic() - begun}

    def listen(self, posts: int, timeout: float) -> dict[str, Any]:
        """Until so many posts were heard by all together; answers when the last one came."""
        deadline = time.monotonic() + timeout
        while self.posts < posts and time.monotonic() < deadline:
            self._turn(0.5)
        heard, self.posts = self.posts, 0
        return {"heard": heard, "last": self.last}

    def idle(self, seconds: float) -> dict[str, Any]:
        """Answer pings and nothing else."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._turn(0.2)
        return {}

    def close(self) -> dict[str, Any]:
        """Drop all."""
        for ear in self._ears.values():
            ear.sock.close()
        self._ears.clear()
        self._epoll.close()
        self._epoll = select.epoll()
        return {}

    def _begin(self, token: str | None) -> None:
        sock = socket.create_connection(("127.0.0.1", self._port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            "",
            "",
        )
        sock.sendall("\r\n".join(lines).encode())
        sock.setblocking(False)
        self._ears[sock.fileno()] = Ear(sock, token)
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def _turn(self, timeout: float) -> None:
        for fileno, _ in self._epoll.poll(timeout, 512):
            ear = self._ears[fileno]
            data = ear.sock.recv(262_144)
            assert data, "the server closed a socket"
            self.last = time.monotonic()
            self._read(ear, ear.buffer + data if ear.buffer else data)

    def _read(self, ear: Ear, data: bytes) -> None:
        if not ear.shaken:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                ear.buffer = head
                return
            ear.shaken = True
            auth = "40" if ear.token is None else "40" + json.dumps({"token": ear.token})
            ear.sock.sendall(frame(TEXT, auth.encode()))
        at, size = 0, len(data)
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            if start + length > size:
                break
            self._hear(ear, data, start, start + length)
            at = start + length
        ear.buffer = data[at:]

    def _hear(self, ear: Ear, data: bytes, start: int, end: int) -> None:
        if data.startswith(_POST, start):
            self.posts += 1
            if self.heard is not None:
                at = data.index(_NUMBER, start) + len(_NUMBER)
                self.heard.append((data[at : data.index(b" ", at)], self.last))
        elif end - start == 1:
            with contextlib.suppress(BlockingIOError):
                ear.sock.sendall(frame(TEXT, b"3"))
        elif data.startswith(_READY, start):
            self.ready += 1
        elif data.startswith(_REFUSED, start):
            self.refused += 1


def main() -> None:
    """PORT; then commands."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    audience = Audience(int(sys.argv[1]))
    for line in sys.stdin:
        command = json.loads(line)
        act = command.pop("do")
        if act == "record":
            audience.heard = []
            answer: dict[str, Any] = {}
        elif act == "recorded":
            answer = {"heard": [(number.decode(), at) for number, at in audience.heard or ()]}
            audience.heard = None
        else:
            answer = getattr(audience, act)(**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
