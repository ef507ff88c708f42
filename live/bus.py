"""Signals between web processes: typing, and who is online."""

from collections.abc import Callable
from typing import Any, Protocol

Message = dict[str, Any]
Publish = Callable[[str, dict[str, Any]], None]  # to the other processes: a kind of message, and what it says


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
