"""Another organisation: its people connect to every web process, post, and have their sessions ended."""

import json
import random
import threading
import time
from typing import Any

from sqlalchemy.exc import DBAPIError

from bench.chaos.gate import Gate
from bench.chaos.http import FAILURES, Phone
from bench.live_world import signed_in
from tests.raw_socket import CLOSE, RawWebSocket
from tests.world import Organisation

SOON_S = 8.0  # without a fault of the database a session's sockets end within this
_STAYS_S = (1.0, 4.0)


class Stranger(threading.Thread):
    """One after the other signs in, listens at each process, posts, and signs out.

    `ends` has for each socket when the session was ended and when the socket was; None: never while we waited.
    """

    def __init__(
        self,
        org: Organisation,
        ports: list[int],
        straight: list[int],
        patience_s: float,
        gate: Gate,
        stop: threading.Event,
    ) -> None:
        super().__init__(name="stranger", daemon=True)
        self.ends: list[tuple[float, float | None]] = []
        self.heard: set[str] = set()
        self.foreign_signals = 0
        self.failure: BaseException | None = None
        self._org, self._ports, self._straight = org, ports, straight
        self._patience_s, self._gate, self._ended = patience_s, gate, stop

    def run(self) -> None:
        """One session after the other."""
        while not self._ended.is_set():
            try:
                self._session()
            except (
                *FAILURES,
                DBAPIError,
            ):  # signing in goes straight to the database, which restarts meanwhile
                self._ended.wait(0.5)
            except BaseException as failure:  # reported at the end: a thread's own is not seen
                self.failure = failure
                return

    def _session(self) -> None:
        with self._gate.passes():
            token = signed_in(self._org, 1, [])[0]
        phone = Phone(token, self._ports)
        sockets = [Phone(token, [port]).websocket() for port in self._straight]
        try:
            end = time.monotonic() + random.uniform(*_STAYS_S)
            scope = str(self._org.id)
            with self._gate.passes():
                phone.until_answered(self._ended, "POST", f"/v1/scopes/{scope}/posts", {"text": "Ours alone"})
            alive = [socket for socket in sockets if self._hears(socket, end)]
            with self._gate.passes():
                answer = phone.until_answered(self._ended, "DELETE", "/v1/sessions/current")
            ended = time.monotonic()
            for socket in alive if answer is not None else ():
                gone = not self._hears(socket, ended + self._patience_s)
                self.ends.append((ended, time.monotonic() if gone else None))
        finally:
            phone.close()
            for socket in sockets:
                socket.close()

    def _hears(self, socket: RawWebSocket, until: float) -> bool:
        """Take what comes; False when the socket ended before."""
        while time.monotonic() < until:
            try:
                opcode, payload, _ = socket.reads_frame()
            except TimeoutError:
                continue
            except OSError:
                return False
            if opcode == CLOSE or payload.startswith(b"41"):
                return False
            packet = payload.decode()
            if packet == "2":
                socket.sends("3")
            elif packet.startswith("42"):
                self._note(*json.loads(packet[2:]))
        return True

    def _note(self, name: str, message: dict[str, Any]) -> None:
        if "position" in message and message.get("type") == name:
            self.heard.add(message["id"])
        elif name.startswith(("typing.", "presence.")):
            self.foreign_signals += 1  # none of these people types or watches


def late(ends: list[tuple[float, float | None]], troubles: list[tuple[float, float]], more_s: float) -> int:
    """How many sockets outlived their session for too long; a trouble of the database (from, to) gives `more_s`."""
    count = 0
    for began, ended in ends:
        troubled = any(start < began + SOON_S and began < end + more_s for start, end in troubles)
        allowed = SOON_S + (more_s if troubled else 0)
        count += ended is None or ended - began > allowed
    return count
