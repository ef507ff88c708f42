"""Signals: what passes and is not kept. Who types (live/typing.py), and who is online: announced to the other processes
(live/announcing.py), told to the sockets that watch (live/watching.py), kept as "last seen" (live/last_seen.py).

    socket ─▶ this process's sockets
          └─▶ bus ─▶ the other processes' sockets (live/redis_bus.py, or nobody)

All look at the hub's rooms, which follow the journal: who has left a scope is in no room of it.
"""

import importlib
import uuid
from collections.abc import Callable
from typing import Any

import gevent
from marshmallow import ValidationError

from base.logs import logger
from base.settings import Settings
from live.announcing import Announcing
from live.bus import Bus, Message, NoBus
from live.hub import Hub
from live.kept import kept_running
from live.last_seen import LastSeen
from live.subscribers import Subscriber
from live.typing import TypingSignals
from live.watching import Watching
from people.runtime import Runtime

log = logger(__name__)


class Signals:
    """The signals of one web process."""

    def __init__(self, runtime: Runtime, hub: Hub, bus: Bus | None = None) -> None:
        self.bus = bus or _bus(runtime.settings)
        self._process = uuid.uuid4().hex
        self.typing = TypingSignals(runtime.database, hub, self._publish)
        self._last_seen = LastSeen(runtime.database, runtime.online)
        self.watching = Watching(runtime, hub, self._last_seen)
        self._announcing = Announcing(runtime.online, self._publish, self.watching.tell_changed)
        self._kinds: dict[str, Callable[[str, Message], None]] = {
            "typing": lambda _, message: self.typing.hear(message),
            "online": self._announcing.hear_online,
            "offline": self._announcing.hear_offline,
            "hello": lambda *_: self._announcing.hear_hello(),
        }

    def start(self) -> None:
        """Begin to talk to the other processes, and to look after who is online."""
        self.bus.start(self.hear, self._introduce)
        loops = {
            "online": self._announcing.run,
            "rights": self.watching.run,
            "last_seen": self._last_seen.run,
        }
        for name, loop in loops.items():
            gevent.spawn(kept_running, name, loop)

    def stop(self) -> None:
        """End."""
        self._announcing.stopping = self.watching.stopping = self._last_seen.stopping = True
        self.bus.stop()

    def came(self, subscriber: Subscriber) -> None:
        """A socket was let in."""
        self._announcing.came(subscriber.key)

    def went(self, subscriber: Subscriber) -> None:
        """A socket is gone."""
        self.typing.forget(subscriber.sid)
        self.watching.forget(subscriber.sid)
        self._last_seen.note([subscriber.key])
        self._announcing.went(subscriber.key)

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
        self._announcing.announce()
        self._publish("hello", {})


def _bus(settings: Settings) -> Bus:
    """Redis where the settings name one.

    The one import that waits for a setting: a single web process has no use for Redis, and would carry its library
    through every start.
    """
    if settings.redis_url is None:
        return NoBus()
    redis_bus = importlib.import_module("live.redis_bus")
    bus: Bus = redis_bus.RedisBus(settings.redis_url, settings.secret_key, settings.redis_silence)
    return bus
