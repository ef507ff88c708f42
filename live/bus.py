"""Signals between web processes: typing, and who is online."""

import importlib
from collections.abc import Callable
from typing import Any, Protocol

from base.settings import Settings

Message = dict[str, Any]


class Bus(Protocol):
    """What carries signals to the other processes."""

    def publish(self, message: Message) -> None:
        """Send, if it can be; returns at once."""

    def start(self, heard: Callable[[Message], None], connected: Callable[[], None]) -> None:
        """Begin; `heard` takes what others sent (untrusted in form), `connected` is told of each connection."""

    def stop(self) -> None:
        """End."""


class NoBus:
    """A single process has nobody to tell."""

    def publish(self, message: Message) -> None:
        """Nobody."""

    def start(self, heard: Callable[[Message], None], connected: Callable[[], None]) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


def bus_of(settings: Settings) -> Bus:
    """Redis where the settings name one.

    The one import that waits for a setting: a single web process has no use for Redis, and would carry its library
    through every start.
    """
    if settings.redis_url is None:
        return NoBus()
    bus: Bus = importlib.import_module("live.redis_bus").RedisBus(settings.redis_url, settings.secret_key)
    return bus
