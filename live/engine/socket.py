"""One Engine.IO client, over polling or WebSocket: what it is sent, what it says, and its end.

While it polls, packets wait in `Polls` for its next GET. With the upgrade they are written to the channel, in
order, before anything newer; from then on the channel is all there is.

    polling ──(probe answered: `upgrading`)──▶ (packet 5) ──▶ websocket ──▶ closed
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

import gevent

from base.logs import logger
from live.engine import packets
from live.engine.budget import MESSAGE, READ
from live.engine.channel import Channel
from live.engine.host import Host
from live.engine.packets import Encoded, Malformed, Outgoing
from live.engine.polls import Polls
from live.engine.upgrade import Upgrade

log = logger(__name__)
_INBOX = 100


@dataclass(frozen=True, slots=True)
class _End:
    """What comes into the inbox behind the last message."""

    reason: str


class EngineSocket:
    """A client. `settled`: it has connected to a namespace; `session`: what python-socketio keeps with it."""

    __slots__ = (
        "_inbox",
        "_paid_until",
        "_polls",
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
        self._paid_until = 0.0  # of what comes by polling
        self._polls = Polls(server.backlog)
        self._inbox: deque[Encoded | _End] | None = None

    @property
    def upgraded(self) -> bool:
        """Whether it speaks WebSocket."""
        return self.channel is not None

    @property
    def holds_connection(self) -> bool:
        """Whether a connection is open for it: its WebSocket, or a poll that waits."""
        return self.upgraded or self._polls.open

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
        if not self.closed and not self._polls.hold(held):
            self.cut("backlog full")

    def poll(self) -> list[Encoded]:
        """Wait for packets, and take them; raises `SecondPoll`. An empty list: this way has ended."""
        if self.upgrading is not None and not self._polls.open:
            return [packets.NOOP]
        return self._polls.wait()

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

    def receive_posted(self, posted: list[Encoded], size: int) -> None:
        """The packets of a polling request of `size` bytes; raises `Malformed`."""
        cost = READ + MESSAGE * len(posted) + size
        self._paid_until, too_much = self.server.budget.spend(self._paid_until, cost)
        if too_much:
            self.channel_overspent()
            return
        for packet in posted:
            self.receive(packet)

    def channel_overspent(self) -> None:
        """It has more done than it may: what is not handled yet is dropped, and it is told why it ends."""
        if self._inbox:
            self._inbox.clear()
        if self.settled:
            self.send_all(self.server.overspent_packets)
            self.close("too much")
        else:
            self.fail("too much")

    def channel_closed(self, reason: str) -> None:
        """The WebSocket's end."""
        self.channel = None
        self.cut(reason)

    def _let_go(self) -> None:
        """The client closes. Its poll is ended with a noop, also when the close packet has overtaken it."""
        if self.channel is None and not self._polls.open:
            self.server.farewells.leave(self.sid, [packets.NOOP])
        self._polls.answer(packets.NOOP)
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
                self._slow_down()
                self.server.socket_said(self.sid, item)
        self._inbox = None
        self._working = False
        if self.channel is not None:
            self.channel.resume()

    def _slow_down(self) -> None:
        """Let a client wait that has much done."""
        channel = self.channel
        pause_s = self.server.budget.pause_s(self._paid_until) if channel is None else channel.pause_s()
        if pause_s > 0 and not self.closed:
            gevent.sleep(pause_s)

    # -- its transports and its end

    def begin_upgrade(self, channel: Channel) -> None:
        """A WebSocket asks to take over from polling."""
        self.upgrading = Upgrade(self, channel)
        self.upgrading.start(self.server.heartbeat.timing.upgrade_timeout)

    def probed(self) -> None:
        """The new transport works: end the poll that is open, so that the client can pause polling."""
        self._polls.answer(packets.NOOP)

    def upgrade(self, channel: Channel) -> None:
        """Go over to the WebSocket, with everything that waits."""
        self.upgrading = None
        held = [packet for packet in self._polls.take() if packet != packets.NOOP]
        self._polls.wake()
        self.attach(channel)
        if held:
            self.send_all(Outgoing(*held))

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
        self._polls.answer(packets.CLOSE)
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
        """Say it with a poll of its own: clients act on a close before they look at what came in the same answer."""
        if not self._polls.answer(packets.CLOSE):
            unsent = [] if self._polls.open else self._polls.take()
            self.server.farewells.leave(self.sid, unsent, [packets.CLOSE])

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
        self._polls.wake()
        self.server.socket_closed(self.sid)
        self._take(_End(reason))
