"""Signals: what passes and is not kept. Typing (live/typing.py), and who is online (live/watching.py).

    socket ─▶ this process's sockets
          └─▶ bus ─▶ the other processes' sockets (live/redis_bus.py, or nobody)

Both look at the hub's rooms, which follow the journal: who has left a scope is in no room of it.
"""

import uuid
from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError

from base.logs import logger
from live import codec
from live.bus import Bus, Message, bus_of
from live.engine.packets import Outgoing
from live.hub import Hub
from live.subscribers import Subscriber
from live.typing import TypingSignals
from live.watching import Watching
from people.runtime import Runtime

log = logger(__name__)


def tell(name: str, data: dict[str, Any], subscribers: list[Subscriber]) -> None:
    """Write one message to sockets."""
    if subscribers:
        outgoing = Outgoing(f'42["{name}",{codec.dumps(data)}]')
        for subscriber in subscribers:
            subscriber.socket.send_all(outgoing)


class Signals:
    """The signals of one web process."""

    def __init__(self, runtime: Runtime, hub: Hub, bus: Bus | None = None) -> None:
        self.bus = bus or bus_of(runtime.settings)
        self._process = uuid.uuid4().hex
        self.typing = TypingSignals(runtime.database, hub, tell, self._publish)
        self.watching = Watching(runtime, hub, tell, self._publish)
        self._kinds: dict[str, Callable[[str, Message], None]] = {
            "typing": lambda _, message: self.typing.hear(message),
            "online": self.watching.hear_online,
            "offline": self.watching.hear_offline,
            "hello": lambda *_: self.watching.hear_hello(),
        }

    def start(self) -> None:
        """Begin to talk to the other processes."""
        self.bus.start(self.hear, self._introduce)
        self.watching.start()

    def stop(self) -> None:
        """End."""
        self.watching.stop()
        self.bus.stop()

    def hear(self, message: Message) -> None:
        """A message of another process; one that makes no sense is passed over."""
        process, kind = message.get("process"), message.get("kind")
        if process == self._process or not isinstance(process, str) or not isinstance(kind, str):
            return
        try:
            if kind in self._kinds:
                self._kinds[kind](process, message)
        except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
            log.warning("signal_refused", kind=kind)

    def _publish(self, kind: str, data: dict[str, Any]) -> None:
        self.bus.publish({"kind": kind, "process": self._process, **data})

    def _introduce(self) -> None:
        """A new connection to Redis: tell the others what is so here, and ask what is so there."""
        self.watching.announce()
        self._publish("hello", {})
