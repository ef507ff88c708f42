"""What a socket needs of the server that it belongs to."""

from collections.abc import Callable
from typing import Any, Protocol

from live.engine.budget import Budget
from live.engine.channel import Backlog
from live.engine.farewells import Farewells
from live.engine.heartbeat import Heartbeat
from live.engine.packets import Encoded, Outgoing


class Host(Protocol):
    """Limits and packets that all sockets share, and where they bring what they heard."""

    backlog: Backlog
    budget: Budget
    heartbeat: Heartbeat
    ping_packet: Outgoing
    close_packet: Outgoing
    overspent_packets: Outgoing  # the last words to a client that has connected and has too much done
    farewells: Farewells

    def start_background_task(self, target: Callable[..., object], *args: Any) -> Any:
        """Run in a greenlet of its own."""

    def socket_said(self, sid: str, message: Encoded) -> None:
        """A client's message; in that client's greenlet."""

    def socket_closed(self, sid: str) -> None:
        """A client is cut off: nobody finds it any more."""

    def socket_ended(self, sid: str, reason: str) -> None:
        """A client's end, behind its messages; in that client's greenlet."""
