"""Those who write at full speed, each post with a `client_id` of its own, and send again what was not answered."""

import random
import threading
import time
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bench.chaos.gate import Gate
from bench.chaos.http import Phone

SIZES = (1, 100, 25, 25)  # posts a request; a killed process loses all that it had not answered
SPARE = 0.45
PACE = 120  # events a second: 50,000 in seven minutes
_TEXT = "The tower crane at gate three stands still until the wind is below twelve metres a second. " * 4


class Budget:
    """How many posts are still to be written, shared by all writers."""

    def __init__(self, posts: int) -> None:
        self._posts = self._left = posts
        self._spare = int(posts * SPARE)
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def take(self, most: int) -> int:
        """So many of them, or what is left."""
        with self._lock:
            taken = min(most, self._left)
            self._left -= taken
            return taken

    def take_spare(self, most: int) -> int:
        """As `take`, for those who do not write over HTTP: nearly half is theirs, while it is behind."""
        taken = self.take(min(most, self._spare)) if self._is_behind() else 0
        self._spare -= taken
        return taken

    def is_spent(self) -> bool:
        """Whether none is left."""
        return not self._left

    def _is_behind(self) -> bool:
        """Whether fewer were taken by now than `PACE` asks for."""
        return self._posts - self._left < PACE * (time.monotonic() - self._began)


class Writer(threading.Thread):
    """Writes until the budget is spent or `stop`. Three of four empty a phone's queue."""

    def __init__(
        self, number: int, phone: Phone, scopes: list[str], budget: Budget, gate: Gate, stop: threading.Event
    ) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self.phone = phone
        self.accepted: dict[str, str] = {}
        self.tried = 0
        self.refused: list[Any] = []
        self._number, self._scopes, self._budget, self._gate, self._ended = number, scopes, budget, gate, stop
        self._names = count()

    def run(self) -> None:
        """Take from the budget, write, and note what was accepted."""
        most = SIZES[self._number % len(SIZES)]
        while not self._ended.is_set() and (taken := self._budget.take(most)):
            self.tried += taken
            with self._gate.passes():
                self._write(taken)
        self.phone.close()

    def _write(self, count: int) -> None:
        if count == 1:
            self._post()
        else:
            self._empty_queue([self._item() for _ in range(count)])

    def _client_id(self) -> str:
        return f"writer-{self._number}-{next(self._names)}"

    def _post(self) -> None:
        client_id = self._client_id()
        path = f"/v1/scopes/{random.choice(self._scopes)}/posts"
        answer = self.phone.until_answered(
            self._ended, "POST", path, {"text": f"{client_id} {_TEXT}", "client_id": client_id}
        )
        if answer is not None:
            self._note(client_id, answer[0], answer[1])

    def _item(self) -> dict[str, Any]:
        client_id = self._client_id()
        return {
            "kind": "post",
            "client_id": client_id,
            "at": datetime.now(UTC).isoformat(),
            "scope_id": random.choice(self._scopes),
            "text": f"{client_id} {_TEXT}",
        }

    def _empty_queue(self, items: list[dict[str, Any]]) -> None:
        while items and not self._ended.is_set():
            body = {"sent_at": datetime.now(UTC).isoformat(), "items": items}
            answer = self.phone.until_answered(self._ended, "POST", "/v1/me/outbox", body)
            if answer is None:
                return
            if answer[0] != 200:
                self.refused.append(answer)
                return
            results = dict(zip((item["client_id"] for item in items), answer[1]["items"], strict=True))
            for client_id, result in results.items():
                if result["status"] < 500:
                    self._note(client_id, result["status"], result.get("body") or result.get("problem"))
            items = [item for item in items if results[item["client_id"]]["status"] >= 500]

    def _note(self, client_id: str, status: int, body: Any) -> None:
        if status in (200, 201):
            self.accepted[client_id] = body["id"]
        else:
            self.refused.append((status, body))
