"""From polling to WebSocket: the new transport is probed, then it takes over; until then polling goes on."""

from typing import Protocol

from live.engine import packets
from live.engine.channel import Channel
from live.engine.packets import Encoded, Outgoing


class Polling(Protocol):
    """The socket that is upgraded."""

    upgrading: "Upgrade | None"

    def probed(self) -> None:
        """The new transport works."""

    def upgrade(self, channel: Channel) -> None:
        """Go over to it."""


class Upgrade:
    """A WebSocket on probation: it becomes the transport once it has been probed and the client says so."""

    def __init__(self, socket: Polling, channel: Channel) -> None:
        self._socket = socket
        self._channel = channel
        self._probed = False

    def start(self, timeout: float) -> None:
        """Listen, for `timeout` seconds at most."""
        self._channel.start(self)
        self._channel.end_after(timeout)

    def listen_now(self) -> None:
        """Hear what the WebSocket has said already: it was sent before the request that is being served."""
        self._channel.listen_now()

    def channel_heard(self, message: Encoded) -> None:
        """`2probe`, then `5`; everything else ends the attempt and leaves polling as it was."""
        if message == "2probe" and not self._probed:
            self._probed = True
            self._channel.write(Outgoing("3probe").framed(False))
            self._socket.probed()
        elif message == packets.UPGRADE and self._probed:
            self._channel.end_after(None)
            self._socket.upgrade(self._channel)
        else:
            self.abandon()

    def channel_closed(self, reason: str) -> None:
        """The attempt failed; polling goes on."""
        if self._socket.upgrading is self:
            self._socket.upgrading = None

    def channel_overspent(self) -> None:
        """Who floods a WebSocket that is not in use yet gets none."""
        self.abandon()

    def abandon(self) -> None:
        """Give the attempt up."""
        self._channel.close()
        self.channel_closed("transport close")
