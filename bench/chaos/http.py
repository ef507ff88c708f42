"""A phone's requests: sent again, to whichever web process answers, until one does."""

import http.client
import json
import random
import threading
import time
from typing import Any

TIMEOUT_S = 10.0
_PAUSE_S = 0.2
FAILURES = (OSError, http.client.HTTPException)


class Failed(OSError):
    """The server could not: 429 or 5xx. To be sent again, as where no answer came."""


class Phone:
    """One token, one connection at a time. `again` counts what had to be sent again."""

    def __init__(self, token: str, ports: list[int]) -> None:
        self.token = token
        self.again = 0
        self._ports = ports
        self._connection: http.client.HTTPConnection | None = None

    def port(self) -> int:
        """Any of the web processes."""
        return random.choice(self._ports)

    def once(self, method: str, path: str, body: Any = None, timeout: float = TIMEOUT_S) -> tuple[int, Any]:
        """Status and JSON of one try; raises one of `FAILURES` where there was no answer, or none that counts."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=timeout)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self._connection.getresponse()
            content = answer.read()
            if answer.status == 429 or answer.status >= 500:
                raise Failed(answer.status, content[:200])
            return answer.status, json.loads(content) if content else None
        except FAILURES:
            self.close()
            raise

    def until_answered(
        self, stop: threading.Event, method: str, path: str, body: Any = None
    ) -> tuple[int, Any] | None:
        """As `once`, again and again; None when stopped before."""
        while not stop.is_set():
            try:
                return self.once(method, path, body)
            except FAILURES:
                self.again += 1
                time.sleep(_PAUSE_S * random.random())
        return None

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
