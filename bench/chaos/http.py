"""A phone's requests: sent again, by whichever way there is, until they are answered; and its tokens."""

import http.client
import json
import math
import random
import secrets
import threading
import time
from typing import Any

from tests.raw_socket import RawWebSocket

TIMEOUT_S = 10.0
_PAUSE_S = 0.2
_WAIT_S = 5.0
FAILURES = (OSError, http.client.HTTPException)


class Failed(OSError):
    """The server could not: 429 or 5xx. To be sent again, as where no answer came, and not before `wait_s`."""

    wait_s = 0.0


class Phone:
    """One token, one connection at a time. `again` counts what had to be sent again."""

    def __init__(
        self, token: str, ports: list[int], refresh_token: str | None = None, timeout: float = TIMEOUT_S
    ) -> None:
        self.token = token
        self.again = self.refreshed = 0
        self._ports, self._timeout = ports, timeout
        self._refresh_token, self._refresh_key = refresh_token, secrets.token_hex(8)
        self._due = math.inf if refresh_token is None else time.monotonic()
        self._connection: http.client.HTTPConnection | None = None

    def port(self) -> int:
        """Any of the ways to the product."""
        return random.choice(self._ports)

    def websocket(self) -> RawWebSocket:
        """A WebSocket that asks to be let in; raises one of `FAILURES` where nobody opens."""
        socket = RawWebSocket(f"http://127.0.0.1:{self.port()}", "EIO=4&transport=websocket", wait_s=_WAIT_S)
        if socket.refused is not None:
            socket.close()
            raise Failed(socket.refused)
        socket.sends("40" + json.dumps({"token": self.token}))
        return socket

    def is_due(self) -> bool:
        """Whether half of the token's time is over."""
        return time.monotonic() >= self._due

    def refresh(self) -> None:
        """Get a fresh token. After a lost answer the same is asked again with the same key, and answered as before."""
        body, asked = {"refresh_token": self._refresh_token}, time.monotonic()
        status, tokens = self.once(
            "POST", "/v1/sessions/refresh", body, more={"Idempotency-Key": self._refresh_key}
        )
        if status != 200:
            raise RuntimeError((status, tokens))
        self.token, self._refresh_token = tokens["access_token"], tokens["refresh_token"]
        self._refresh_key, self._due = secrets.token_hex(8), asked + tokens["expires_in"] / 2
        self.refreshed += 1

    def once(
        self, method: str, path: str, body: Any = None, more: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of one try; raises one of `FAILURES` where there was no answer, or none that counts."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=self._timeout)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers |= more or {}
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self._connection.getresponse()
            content = answer.read()
            if answer.status == 429 or answer.status >= 500:
                failed = Failed(answer.status, content[:200])
                failed.wait_s = float(answer.headers.get("Retry-After", 0))
                raise failed
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
            except FAILURES as failed:
                self.again += 1
                stop.wait(getattr(failed, "wait_s", 0.0) + _PAUSE_S * random.random())
        return None

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
