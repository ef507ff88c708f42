"""Many phones that wait with sync, in one process: each asks again from where its last page ended, as apps do."""

import json
import re
import resource
import selectors
import socket
import time
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

_A_SECOND = 60  # that come
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Phone:
    """One that waits, for `wait` seconds at a time."""

    def __init__(self, address: str, token: str, after: int, wait: int) -> None:
        where = urlsplit(address)
        self._socket = socket.create_connection((where.hostname or "", where.port or 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._token, self._after, self._wait = token, after, wait
        self._buffer = b""
        self.fileno = self._socket.fileno

    def asks(self) -> None:
        """Wait for what comes after what it has."""
        head = f"GET /v1/sync?after={self._after}&wait={self._wait} HTTP/1.1\r\nHost: bench\r\n"
        self._socket.sendall(f"{head}Authorization: Bearer {self._token}\r\n\r\n".encode())

    def hears(self) -> int | None:
        """What has arrived of an answer; how many events are in it, once it is whole."""
        self._buffer += self._socket.recv(65_536)
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not separator or length is None or len(body) < int(length[1]):
            return None
        self._buffer = b""
        page: dict[str, Any] = json.loads(body)
        assert head.split(None, 2)[1] == b"200", page
        self._after = page["position"]
        return len(page["items"])


class Crowd:
    """All of them."""

    def __init__(self) -> None:
        self._chosen = selectors.DefaultSelector()
        self._answers = self._events = 0

    def comes(self, address: str, tokens: list[str], after: int, wait: int) -> None:
        """Let more of them wait, at a pace; returns when they do."""
        began = time.monotonic()
        for number, token in enumerate(tokens):
            phone = Phone(address, token, after, wait)
            phone.asks()
            self._chosen.register(phone, selectors.EVENT_READ)
            while time.monotonic() < began + number / _A_SECOND:
                self.turn(0.001)

    def turn(self, seconds: float) -> None:
        """Hear whoever is answered, who asks again."""
        for key, _ in self._chosen.select(seconds):
            phone: Any = key.fileobj
            events = phone.hears()
            if events is not None:
                self._answers, self._events = self._answers + 1, self._events + events
                phone.asks()

    def heard(self) -> tuple[int, int]:
        """How many answers, and events in them, since this was asked last."""
        told = self._answers, self._events
        self._answers = self._events = 0
        return told


def serve(commands: Connection) -> None:
    """Do what is asked: arguments for `comes`, or None to be told what was heard. Ends with the connection."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    crowd = Crowd()
    while True:
        while not commands.poll():
            crowd.turn(0.01)
        try:
            asked = commands.recv()
        except EOFError:
            return
        if asked is not None:
            crowd.comes(*asked)
        commands.send(crowd.heard())
