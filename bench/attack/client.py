"""Whoever attacks: HTTP from an address of one's own at the loopback, and a count of what was answered."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

FAILURES = (OSError, http.client.HTTPException)
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back. Status 0 is no answer at all: the connection was cut, or nothing came in a minute."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def json(self) -> Any:
        """The body; None where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return self.json.get("code", "") if isinstance(self.json, dict) else ""


class Tally:
    """How often which status was answered, and the faults: a 5xx that is not a 503 which says when to come again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []

    def note(self, method: str, path: str, answer: Answer) -> None:
        """Count an answer."""
        deliberate = answer.status == 503 and "retry-after" in answer.headers
        with self._lock:
            self.statuses[answer.status] += 1
            if answer.status >= 500 and not deliberate:
                self.faults.append(f"{method} {path[:80]}: {answer.status} {answer.code}")


class Client:
    """One who asks, over one connection that is kept."""

    def __init__(self, port: int, tally: Tally, source: str = "127.0.0.2", token: str | None = None) -> None:
        self._port, self._tally, self._source, self.token = port, tally, source, token
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Any request; a body that is no bytes is sent as JSON. Header names with underscores."""
        sent = {"Content-Type": "application/json"} | {n.replace("_", "-"): v for n, v in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        began = monotonic()
        answer = self._asked(method, path, content, sent, began)
        self._tally.note(method, path, answer)
        return answer

    def _asked(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str], began: float
    ) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=_PATIENCE_S, source_address=(self._source, 0)
            )
        try:
            self._connection.request(method, path, content, headers)
        except ValueError:  # what http.client itself does not send is no attack
            self.close()
            raise
        except FAILURES:
            pass  # the refusal of a body may be there although not all of it was taken
        try:
            answer = self._connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            found = Answer(answer.status, answer.read(), told, monotonic() - began)
            if answer.will_close:
                self.close()
            return found
        except FAILURES:
            self.close()
            return Answer(0, seconds=monotonic() - began)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def at_once(acts: Sequence[Callable[[], Answer]], threads: int) -> list[Answer]:
    """Do all of it, so much at the same time."""
    with ThreadPoolExecutor(threads) as pool:
        return [running.result() for running in [pool.submit(act) for act in acts]]
