"""One Engine.IO client, over polling or WebSocket: what it is sent, what it says, and its end.

While it polls, packets wait in `_waiting` for its next GET. With the upgrade they are written to the channel, in
order, before anything newer; from then on the channel is all there is.

    polling ──(probe answered: `upgrading`)──▶ (packet 5) ──▶ websocket ──▶ closed
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

from gevent.event import Event

from base.logs import logger
from live.engine import packets
from live.engine.channel import Channel
from live.engine.host import Host
from live.engine.packets import Encoded, Malformed, Outgoing
from live.engine.upgrade import Upgrade

log = logger(__name__)
_INBOX = 100


@dataclass(frozen=True, slots=True)
class _End:
    """What comes into the inbox behind the last message."""

    reason: str


class SecondPoll(Exception):
    """Two polling requests at once; the protocol allows one."""


class EngineSocket:
    """A client. `settled`: it has connected to a namespace; `session`: what python-socketio keeps with it."""

    __slots__ = (
        "_inbox",
        "_poller",
        "_size",
        "_waiting",
        "_working",
        "channel",
        "closed",
        "connected",
        "pong_deadline",
        "posting",
        "server",
        "session",
        "settled",
        "sid",
        "upgrading",
    )

    def __init__(self, server: Host, sid: str) -> None:
        self.server = server
        self.sid = sid
        self.channel: Channel | None = None
        self.upgrading: Upgrade | None = None
        self.connected = True
        self.closed = self.settled = self.posting = self._working = False
        self.pong_deadline: float | None = None
        self.session: dict[str, Any] = {}
        self._waiting: deque[Encoded] | None = None
        self._size = 0
        self._poller: Event | None = None
        self._inbox: deque[Encoded | _End] | None = None

    @property
    def upgraded(self) -> bool:
        """Whether it speaks WebSocket."""
        return self.channel is not None

    # -- what it is sent

    def send_all(self, outgoing: Outgoing) -> None:
        """Send packets: straight when the WebSocket is idle, behind what waits otherwise."""
        channel = self.channel
        if channel is None:
            self._hold(outgoing.packets)
        elif not channel.write(outgoing.framed(channel.deflates), len(outgoing.packets)):
            self.cut("backlog full")

    def send(self, packet: Any) -> None:
        """Send a packet object of python-engineio's."""
        self.send_all(Outgoing(packet.encode()))

    def ping(self) -> None:
        """Send a ping."""
        self.send_all(self.server.ping_packet)

    def _hold(self, held: tuple[Encoded, ...]) -> None:
        if self.closed:
            return
        limits = self.server.backlog
        waiting = self._waiting = self._waiting or deque()
        waiting.extend(held)
        self._size += sum(map(len, held))
        if self._size > limits.most_bytes or len(waiting) > limits.most_packets:
            self.cut("backlog full")
        elif self._poller is not None:
            self._poller.set()

    def poll(self) -> list[Encoded]:
        """Wait for packets, and take them; raises `SecondPoll`. An empty list: it has ended."""
        if self._poller is not None:
            raise SecondPoll
        if self.upgrading is not None:
            return [packets.NOOP]
        if not self._waiting:
            self._poller = Event()
            try:
                self._poller.wait()
            finally:
                self._poller = None
        taken, self._waiting, self._size = list(self._waiting or ()), None, 0
        return taken

    def _release_poll(self, packet: str) -> None:
        """Answer the poll that waits with this, unless there is an answer for it already."""
        if self._poller is not None and not self._waiting:
            self._waiting = self._waiting or deque()
            self._waiting.append(packet)
            self._poller.set()

    # -- what it says

    def receive(self, packet: Encoded) -> None:
        """A packet of the client; raises `Malformed`."""
        kind = packets.kind_of(packet)
        if kind == packets.MESSAGE:
            self._take(packets.content(packet))
        elif kind == packets.PONG:
            self.server.heartbeat.pong(self)
        elif kind == packets.CLOSE:
            self._let_go()
        else:
            raise Malformed

    def channel_heard(self, message: Encoded) -> None:
        """A message on the WebSocket."""
        try:
            self.receive(message)
        except Malformed:
            self.fail("transport error")

    def channel_closed(self, reason: str) -> None:
        """The WebSocket's end."""
        self.channel = None
        self.cut(reason)

    def _let_go(self) -> None:
        """The client closes. Its poll is ended with a noop, also when the close packet has overtaken it."""
        if self.channel is None and self._poller is None:
            self.server.farewells.leave(self.sid, [packets.NOOP])
        self._release_poll(packets.NOOP)
        self.cut("client disconnect")

    def _take(self, item: Encoded | _End) -> None:
        """Put something into the inbox, and have a greenlet at work on it."""
        inbox = self._inbox = self._inbox or deque()
        inbox.append(item)
        if len(inbox) >= _INBOX and self.channel is not None:
            self.channel.pause()
        if not self._working:
            self._working = True
            self.server.start_background_task(self._work)

    def _work(self) -> None:
        while self._inbox:
            item = self._inbox.popleft()
            if isinstance(item, _End):
                self.server.socket_ended(self.sid, item.reason)
            else:
                self.server.socket_said(self.sid, item)
        self._inbox = None
        self._working = False
        if self.channel is not None:
            self.channel.resume()

    # -- its transports and its end

    def begin_upgrade(self, channel: Channel) -> None:
        """A WebSocket asks to take over from polling."""
        self.upgrading = Upgrade(self, channel)
        self.upgrading.start(self.server.heartbeat.timing.upgrade_timeout)

    def probed(self) -> None:
        """The new transport works: end the poll that is open, so that the client can pause polling."""
        self._release_poll(packets.NOOP)

    def upgrade(self, channel: Channel) -> None:
        """Go over to the WebSocket, with everything that waits."""
        self.upgrading = None
        self._release_poll(packets.NOOP)
        held, self._waiting, self._size = self._waiting, None, 0
        self.attach(channel)
        if held and (rest := [packet for packet in held if packet != packets.NOOP]):
            self.send_all(Outgoing(*rest))

    def attach(self, channel: Channel) -> None:
        """Speak through a WebSocket."""
        self.channel = channel
        channel.start(self)

    def close(self, reason: str) -> None:
        """End it behind all that it was sent, and say so with the protocol's close packet."""
        if self.closed:
            return
        channel, self.channel = self.channel, None
        if channel is not None:
            channel.write(self.server.close_packet.framed(False))
            channel.close(1000, reason)
        else:
            self._end_polling()
        self.cut(reason)

    def fail(self, reason: str) -> None:
        """End it for a fault or the silence of its client, and keep nothing for it."""
        self._release_poll(packets.CLOSE)
        self.go_away(reason)

    def go_away(self, reason: str) -> None:
        """End the transport and not the session, as far as the client can tell: it connects again by itself.

        So no close frame: OkHttp reads nothing more after one, and does not tell the app, which would stay deaf.
        """
        channel, self.channel = self.channel, None
        if channel is not None:
            channel.hang_up()
        self.cut(reason)

    def _end_polling(self) -> None:
        """Say it by the close packet, behind what waits.

        The packet gets a poll of its own: clients act on a close before they look at what came in the same payload.
        """
        if self._poller is not None and not self._waiting:
            self._release_poll(packets.CLOSE)
        elif self._waiting and self._poller is None:
            self.server.farewells.leave(self.sid, list(self._waiting), [packets.CLOSE])
        else:
            self.server.farewells.leave(self.sid, [packets.CLOSE])

    def cut(self, reason: str) -> None:
        """End it without a word. Its end is handled behind what it said before."""
        if self.closed:
            return
        self.closed, self.connected = True, False
        log.info("socket_closed", reason=reason)
        channel, self.channel = self.channel, None
        if channel is not None:
            channel.cut()
        if self.upgrading is not None:
            self.upgrading.abandon()
        if self._poller is not None:
            self._poller.set()
        self.server.socket_closed(self.sid)
        self._take(_End(reason))
