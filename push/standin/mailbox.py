"""What the stand-in has accepted, and how it is to behave: by address as told, or by rates drawn from a seed.

A behaviour is a dictionary: `status` with `error_code` and `retry_after` (seconds or an HTTP date), `delay_ms`, `cut`
(end the connection instead of accepting), `drop` (accept, then end the connection instead of answering), `refuse`
(HTTP/2: refuse the stream), `goaway` (HTTP/2: answer, and take no more on this connection), and `times` it holds.
"""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

_HANG_MS = 3_600_000
_UNREGISTERED = {"status": 404, "error_code": "UNREGISTERED"}


@dataclass
class Faults:
    """Shares (0 to 1) of requests that fail, each in its way. The same seed fails the same tries of an address.

    `unregistered` is a share of addresses, and holds for ever.
    """

    seed: int = 0
    delay_ms: int = 0
    retry_after: str = "1"
    unregistered: float = 0.0
    error_500: float = 0.0
    error_503: float = 0.0
    quota_429: float = 0.0
    hang: float = 0.0
    cut: float = 0.0
    drop: float = 0.0

    def drawn(self, address: str, attempt: int) -> dict[str, Any]:
        """How to behave at an address's n-th request."""
        delay = {"delay_ms": self.delay_ms}
        if self.unregistered and self._draw(address) < self.unregistered:
            return delay | _UNREGISTERED
        wait = {"retry_after": self.retry_after}
        ways: list[tuple[float, dict[str, Any]]] = [
            (self.error_500, {"status": 500, "error_code": "INTERNAL"}),
            (self.error_503, {"status": 503, "error_code": "UNAVAILABLE", **wait}),
            (self.quota_429, {"status": 429, "error_code": "QUOTA_EXCEEDED", **wait}),
            (self.hang, {"delay_ms": _HANG_MS}),
            (self.cut, {"cut": True}),
            (self.drop, {"drop": True}),
        ]
        if not any(share for share, _ in ways):
            return delay
        drawn = self._draw(f"{address}/{attempt}")
        for share, way in ways:
            if drawn < share:
                return delay | way
            drawn -= share
        return delay

    def _draw(self, name: str) -> float:
        return random.Random(f"{self.seed}/{name}").random()  # noqa: S311 - faults are no secret


@dataclass
class Mailbox:
    """What was accepted, and how the stand-in is to behave by address ("*" for all)."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    tokens: int = 0
    twice: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    behaviour: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    changed: threading.Condition = field(default_factory=threading.Condition)
    _attempts: dict[str, int] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def accept(self, address: str, message: dict[str, Any]) -> int:
        """Keep a message; returns its number, from 1. The same delivery to the same address counts as twice."""
        data = message.get("data") or {}
        with self.changed:
            number = len(self.messages) + 1
            self.messages.append({"number": number, "received_at": time.time(), "message": message})
            if "delivery_id" in data:
                name = f"{address}/{data['delivery_id']}"
                self.twice += name in self._seen
                self._seen.add(name)
            self.changed.notify_all()
            return number

    def unheard(self, number: int) -> None:
        """The answer to a message that was accepted did not reach its sender."""
        with self.changed:
            self.messages[number - 1]["unheard"] = True

    def after(self, number: int, wait_s: float) -> list[dict[str, Any]]:
        """The messages after a number; waits for one for up to `wait_s`."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.messages) > number, timeout=wait_s)
            return self.messages[number:]

    def told(self, address: str) -> dict[str, Any]:
        """How to behave towards an address, counting down behaviours that last for some times."""
        with self.changed:
            self.requests += 1
            attempt = self._attempts[address] = self._attempts.get(address, 0) + 1
            key = address if address in self.behaviour else "*"
            behaviour = self.behaviour.get(key)
            if behaviour is None:
                return self.faults.drawn(address, attempt)
            if "times" in behaviour:
                behaviour["times"] -= 1
                if behaviour["times"] <= 0:
                    del self.behaviour[key]
            return dict(behaviour)

    def answered(self, status: str) -> None:
        """Count an answer."""
        with self.changed:
            self.answers[status] = self.answers.get(status, 0) + 1

    def counts(self) -> dict[str, Any]:
        """The numbers."""
        with self.changed:
            numbers = {"requests": self.requests, "tokens": self.tokens, "twice": self.twice}
            return numbers | {"delivered": len(self.messages), "answers": dict(self.answers)}

    def reset(self) -> None:
        """Forget everything but who has which access token."""
        with self.changed:
            for held in (self.messages, self.answers, self.behaviour, self._attempts, self._seen):
                held.clear()
            self.requests = self.tokens = self.twice = 0
            self.faults = Faults()
