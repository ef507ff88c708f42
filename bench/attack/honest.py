"""People who go about their work while somebody attacks: what they wait for, in a process of their own.

Each asks a few times a second for what apps ask for, from an address of their own, and now and then over a new
connection, as phones do that come and go.
"""

import http.client
import json
import multiprocessing
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import NamedTuple

from bench.report import percentile

A_SECOND = 3.0
_GIVE_UP_S = 30.0
_ASKED = ("GET /v1/me", "GET /v1/feed", "POST posts", "GET /health/live", "GET /v1/me/unread")
_FRESH_EVERY = 4


class Wait(NamedTuple):
    """One request: how long it took in milliseconds, what was asked, and the status (0: no answer)."""

    milliseconds: float
    asked: str
    status: int


class Waits:
    """What was waited for during a stretch."""

    def __init__(self, waits: Sequence[Wait]) -> None:
        self.count = len(waits)
        times = [wait.milliseconds for wait in waits] or [0.0]
        self.p50, self.p99, self.most = percentile(times, 0.5), percentile(times, 0.99), max(times)
        self.refused = [f"{wait.asked}: {wait.status}" for wait in waits if not 200 <= wait.status < 300]


class Honest:
    """The process; `tokens` are one for each of them."""

    def __init__(self, port: int, tokens: Sequence[str], scope: str) -> None:
        spawned = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawned.Pipe()
        self._process = spawned.Process(target=_live, args=(port, tokens, scope, theirs), daemon=True)
        self._process.start()

    def so_far(self) -> Waits:
        """Everything since the last time that this was asked; what is still waited for counts as it stands."""
        self._pipe.send("tell")
        return Waits(self._pipe.recv())

    def stop(self) -> None:
        """They go home."""
        self._pipe.send("stop")
        self._process.join(30)


class _Person(threading.Thread):
    def __init__(self, number: int, port: int, token: str, scope: str) -> None:
        super().__init__(daemon=True)
        self._number, self._port, self._token, self._scope = number, port, token, scope
        self._connection: http.client.HTTPConnection | None = None
        self.waits: list[Wait] = []
        self.asking: tuple[float, str] | None = None

    def run(self) -> None:
        turn = self._number
        due = time.monotonic() + self._number / 10
        while True:
            time.sleep(max(0.0, due - time.monotonic()))
            asked = _ASKED[turn % len(_ASKED)]
            began = time.monotonic()
            self.asking = (began, asked)
            status = self._asks(asked)
            self.waits.append(Wait((time.monotonic() - began) * 1000, asked, status))
            self.asking = None
            turn += 1
            if turn % _FRESH_EVERY == 0:
                self._hang_up()
            due = max(due + 1 / A_SECOND, time.monotonic())

    def _asks(self, asked: str) -> int:
        """A kept connection that the server has ended meanwhile is opened anew, as every HTTP client does."""
        kept = self._connection is not None
        status = self._asks_once(asked)
        return self._asks_once(asked) if kept and status == 0 else status

    def _asks_once(self, asked: str) -> int:
        method, path = asked.split()
        body = None
        if method == "POST":
            path, body = f"/v1/scopes/{self._scope}/posts", json.dumps({"text": "All is well here."})
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1",
                    self._port,
                    timeout=_GIVE_UP_S,
                    source_address=(f"127.0.1.{self._number + 1}", 0),
                )
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return 0

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _live(port: int, tokens: Sequence[str], scope: str, pipe: Connection) -> None:
    people = [_Person(number, port, token, scope) for number, token in enumerate(tokens)]
    for person in people:
        person.start()
    while pipe.recv() == "tell":
        found: list[Wait] = []
        for person in people:
            waits, person.waits = person.waits, []
            found += waits
            if (asking := person.asking) is not None:
                found.append(Wait((time.monotonic() - asking[0]) * 1000, asking[1], 200))
        pipe.send(found)
