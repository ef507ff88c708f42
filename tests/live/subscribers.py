"""Sockets as the hub sees them."""

from dataclasses import dataclass, field

from live.engine.packets import Outgoing


@dataclass
class Ear:
    """A socket that keeps what it is sent."""

    heard: list[str] = field(default_factory=list)

    def send_all(self, outgoing: Outgoing) -> None:
        """Keep it."""
        self.heard += [str(packet) for packet in outgoing.packets]
