"""Who hears a WebSocket."""

from typing import Protocol


class Receiver(Protocol):
    """Who is told what a channel hears."""

    def channel_heard(self, message: str | bytes) -> None:
        """A whole message."""

    def channel_closed(self, reason: str) -> None:
        """The end, once; not told when it was asked for with `close`, `hang_up` or `cut`."""

    def channel_overspent(self) -> None:
        """The client has more done than it may: end it."""
