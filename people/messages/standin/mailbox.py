"""What the stand-in has taken, and how it is to behave towards whom ("*" for all).

A behaviour is a dictionary: `status` (an SMTP or HTTP status to refuse with), `retry_after`, `location` (redirect
there), `drop` (take it, and end the connection instead of answering), and `times` it holds.
"""

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

_MOST = 10_000
_CODE = re.compile(r"(?<![\w/-])(?:\d{6}|[A-Z2-9]{16})(?![\w/-])")
_LINK = re.compile(r"https?://\S+")


@dataclass
class Mailbox:
    """All messages, newest first, numbered from 1 as they come."""

    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    behaviour: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    taken: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def accept(self, channel: str, to: str, text: str, **more: str) -> None:
        """Keep a message; what a code or link looks like in it stands beside it."""
        code, link = _CODE.search(text), _LINK.search(text)
        found = {"code": code and code[0], "link": link and link[0]}
        message = {"channel": channel, "to": to, "text": text, **found, **more, "received_at": time.time()}
        with self.changed:
            self.taken += 1
            self.messages.insert(0, message | {"number": self.taken})
            del self.messages[_MOST:]
            self.changed.notify_all()

    def to(self, address: str | None, after: int = 0, wait_s: float = 0) -> list[dict[str, Any]]:
        """The messages to an address, or all, after a number; where there is none, waits for one for up to `wait_s`."""

        def found() -> list[dict[str, Any]]:
            return [
                message
                for message in self.messages
                if message["number"] > after and address in (None, message["to"])
            ]

        with self.changed:
            self.changed.wait_for(found, timeout=wait_s)
            return found()

    def told(self, address: str) -> dict[str, Any]:
        """How to behave towards an address, counting down behaviours that last for some times."""
        with self.changed:
            key = address if address in self.behaviour else "*"
            behaviour = self.behaviour.get(key, {})
            if "times" in behaviour:
                behaviour["times"] -= 1
                if behaviour["times"] <= 0:
                    del self.behaviour[key]
            return dict(behaviour)

    def reset(self) -> None:
        """Forget everything."""
        with self.changed:
            self.messages.clear()
            self.behaviour.clear()
