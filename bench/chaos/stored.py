"""Apps with an offline store: the reference client of tests/reference in a process of its own, which is killed -9.

    python -m bench.chaos.stored STORE PORT…   (the token comes from the environment)

What it knows after a kill is what its SQLite file says; it begins again there, as a phone's app does.
"""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.chaos.http import FAILURES, Phone
from tests.raw_socket import CLOSE, RawWebSocket
from tests.reference.client import PAGE, ReferenceClient, Refused
from tests.reference.store import Store

_ROOT = Path(__file__).resolve().parents[2]
_PAUSE_S = 0.3
_TOKEN = "CHAOS_TOKEN"  # noqa: S105 - the name of a variable


class StoredApp:
    """The process and its file, seen from outside. `scopes` are those that it is assigned to from the start."""

    def __init__(self, phone: Phone, ports: list[int], path: Path, scopes: list[str]) -> None:
        me = phone.once("GET", "/v1/me")[1]
        phone.close()
        self.person_id, self.scopes = me["person"]["id"], {*scopes, me["organisation"]["id"]}
        self.kills, self.ended_by_itself = 0, False
        self._path, self._environment = path, {**os.environ, _TOKEN: phone.token}
        self._command = [sys.executable, "-m", "bench.chaos.stored", str(path), *map(str, ports)]
        Store(path).close()
        self.start()

    def start(self) -> None:
        """Open the app."""
        self._process = subprocess.Popen(self._command, cwd=_ROOT, env=self._environment)

    def kill(self) -> None:
        """kill -9, and opened again at once."""
        self.stop()
        self.kills += 1
        self.start()

    def stop(self) -> None:
        """kill -9; the app never ends by itself."""
        self.ended_by_itself |= self._process.poll() is not None
        self._process.kill()
        self._process.wait()

    def is_right_up_to(self, position: int) -> bool:
        """Whether its store has everything up to there, history too."""
        store = Store(self._path)
        try:
            return (store.position or 0) >= position and store.unfetched() is None
        finally:
            store.close()

    def is_in(self, epoch: str) -> bool:
        """Whether its store is of this epoch."""
        store = Store(self._path)
        try:
            return store.epoch == epoch
        finally:
            store.close()

    def holds(self) -> tuple[set[str], set[str]]:
        """The scopes and the posts in its store."""
        store = Store(self._path)
        try:
            return store.scopes(), set(store.posts())
        finally:
            store.close()


class App:
    """What runs in the process."""

    def __init__(self, path: Path, phone: Phone) -> None:
        self._phone = phone
        self._client = ReferenceClient(Store(path), self._send, PAGE)

    def run(self) -> None:
        """Until killed."""
        while True:
            try:
                self._connection()
            except FAILURES:
                self._phone.close()
                time.sleep(_PAUSE_S * random.random())

    def _connection(self) -> None:
        socket = self._phone.websocket()
        try:
            while (packet := self._read(socket))[0] != "ready":
                pass
            epoch = packet[1]["epoch"]
            self._client.catch_up(packet[1]["position"], epoch)
            while True:
                name, message = self._read(socket)
                if "position" in message and message.get("type") == name:
                    self._client.hear(message, epoch)
                    if message["position"] > (self._client.store.position or 0):
                        self._client.catch_up()  # one for all that came meanwhile
        finally:
            socket.close()

    @staticmethod
    def _read(socket: RawWebSocket) -> tuple[str, Any]:
        """The next event; pings are answered."""
        while True:
            opcode, content, _ = socket.reads_frame()
            packet = content.decode(errors="replace")
            if opcode == CLOSE:
                raise ConnectionError(packet)
            if packet == "2":
                socket.sends("3")
            elif packet.startswith(("41", "44")):
                raise ConnectionError(packet)
            elif packet.startswith("42"):
                name, *rest = json.loads(packet[2:])
                return name, rest[0]

    def _send(self, method: str, path: str, body: Any) -> Any:
        status, answer = self._phone.once(method, path, body)
        if status >= 400:
            raise Refused(status, answer)
        return answer


if __name__ == "__main__":
    App(Path(sys.argv[1]), Phone(os.environ[_TOKEN], [int(port) for port in sys.argv[2:]])).run()
