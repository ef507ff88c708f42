"""Writing one message to sockets, past the journal's order: signals."""

from collections.abc import Sequence
from typing import Any

from live import codec
from live.engine.packets import Outgoing
from live.subscribers import Subscriber


def tell(name: str, data: dict[str, Any], subscribers: Sequence[Subscriber]) -> None:
    """Write the message, encoded once, to each of the sockets."""
    if subscribers:
        outgoing = Outgoing(codec.event(name, data))
        for subscriber in subscribers:
            subscriber.socket.send_all(outgoing)
