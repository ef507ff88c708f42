"""The live server: who may connect, and how an event of the journal becomes a message.

A connect carries `auth: {"token": access token}`. A refused one gets `connect_error` with `data.code`: `token_expired`
(refresh and connect again), `unauthenticated`, `session_ended` (sign in again) or `network_refused`. The server never
trusts a client's word about rooms: there is no message that a client could send to join one.

A socket lasts as long as its token, and a token can be renewed while it is connected: `session.renew` with a fresh
one. Whoever stole an access token thus listens for minutes and not for weeks. Before the server disconnects a client
it says why: `connection.closing {"code": …}`.

Positions are of an epoch. A client may name its own (`auth.epoch`) and is refused with `position_unknown` where it is
another; `ready` names the present one, and when a restored database begins the next, every socket is closed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gevent
from flask import Flask, request
from socketio.exceptions import ConnectionRefusedError
from sqlalchemy.exc import SQLAlchemyError

from base import clock
from base.errors import Unauthenticated
from base.logs import logger
from base.origins import address_of, is_welcome
from journal.catalogue import SESSION_ENDED
from journal.tail import Head, wire_event
from live.engine.channel import Backlog
from live.engine.heartbeat import Timing
from live.fanout import FanOut
from live.hub import Hub
from live.kept import kept_running
from live.limits import Limit
from live.seen import Seen
from live.signals import Signals
from live.sockets import LiveSocketIO
from live.subscribers import Subscriber
from live.tail import JournalTail
from people.audience import Window, following_at_head
from people.runtime import Runtime
from people.sign_in.asking import actor_of
from people.sign_in.policies import NetworkRefused
from people.sync import PositionUnknown

log = logger(__name__)
Reading = tuple[Subscriber, list[Window], Head]
LARGEST_MESSAGE = 64 * 1024  # bytes, from a client
ACTS_ON = frozenset((SESSION_ENDED.name,))
_EXPIRY_LOOK_S = 1.0
_EXPIRY_GRACE_S = 5.0


class LiveServer:
    """Sockets of one web process."""

    def __init__(self, app: Flask, timing: Timing | None = None, backlog: Backlog | None = None) -> None:
        self._runtime: Runtime = app.extensions["hereabouts"]
        self.hub = Hub()
        self.socketio = LiveSocketIO(
            app,
            timing=timing,
            backlog=backlog,
            name=self._runtime.settings.web_name,
            welcomes=partial(
                is_welcome,
                listed=self._runtime.settings.allowed_origins,
                proxies=self._runtime.settings.trusted_proxies,
            ),
            max_http_buffer_size=LARGEST_MESSAGE,
        )
        self.socketio.on_event("connect", self._connect)
        self.socketio.on_event("disconnect", self._disconnect)
        self.socketio.on_event("session.renew", self._renew)
        self._renewals = Limit()
        self.seen = Seen(self._runtime.database, self.hub)
        self.socketio.on_event("post.seen", self._post_seen)
        self.signals = Signals(self._runtime, self.hub)
        for name, handler in self._signal_handlers().items():
            self.socketio.on_event(name, handler)
        self._fanout = FanOut()
        self.tail = JournalTail(
            self._runtime.settings.database_url,
            self.hub,
            self._deliver,
            self._fanout.flush,
            self._start_over,
        )

    def start(self) -> None:
        """Begin to follow the journal, to look for tokens that have run out, and to write down who is connected."""
        loops = {"tail": self.tail.run, "seen": self.seen.run, "expiry": self._end_expired}
        for name, loop in loops.items():
            self.socketio.start_background_task(kept_running, name, loop)
        self.signals.start()

    def stop(self) -> None:
        """Close every socket; the apps connect again by themselves."""
        self.tail.stopping = self.seen.stopping = True
        self.signals.stop()
        self.socketio.server.shutdown()

    def _connect(self, auth: Any = None) -> bool | None:
        """Refuse, or let in: the rooms come right after the CONNECT packet, which nothing may overtake.

        Without a database the connection ends without a word: after a refusal, clients would not try again.
        """
        sid = _sid()
        token, address = _token(auth), self._address()
        try:
            reading = self._reading(sid, token, address)
            _check_epoch(auth, reading[2])
        except (Unauthenticated, NetworkRefused, PositionUnknown) as refusal:
            raise ConnectionRefusedError(refusal.detail, {"code": refusal.code}) from None
        except SQLAlchemyError as error:
            log.warning("connect_lost_database", error=type(error).__name__)
            self.socketio.server.cut_off(sid)
            return False
        self.socketio.start_background_task(self._admit, sid, token, address, reading)
        return None

    def _admit(self, sid: str, token: str, address: str | None, reading: Reading) -> None:
        """Put the socket into its rooms, with a reading that is not older than what was already sent."""
        try:
            subscriber, scopes, head = reading
            while self.hub.is_in(head.epoch) and not self.hub.admit(subscriber, scopes):
                subscriber, scopes, head = self._reading(sid, token, address)
        except (Unauthenticated, NetworkRefused, SQLAlchemyError):
            self._end(sid, "try_again")
            return
        if not self.hub.is_in(head.epoch):
            # A reading of before a restore, or the tail is about to find out: it alone decides.
            self._end(sid, PositionUnknown.code)
            return
        self.signals.came(subscriber)
        self._end_all(self.hub.beyond(subscriber.person_id), "too_many_sockets")
        if not self.socketio.server.manager.is_connected(sid, "/"):
            self._dismiss(sid)
            return
        self.socketio.emit("ready", {"position": head.position, "epoch": str(head.epoch)}, to=sid)

    def _disconnect(self, *_reason: Any) -> None:
        self._dismiss(_sid())

    def _dismiss(self, sid: str) -> None:
        subscriber = self.hub.dismiss(sid)
        if subscriber is not None:
            self.signals.went(subscriber)

    def _signal_handlers(self) -> dict[str, Callable[[Any], Any]]:
        typing, watching = self.signals.typing, self.signals.watching
        return {
            "typing.start": lambda data=None, *_: typing.start(_sid(), data),
            "typing.stop": lambda data=None, *_: typing.stop(_sid(), data),
            "presence.watch": lambda data=None, *_: watching.watch(_sid(), data),
        }

    def _renew(self, data: Any = None) -> dict[str, Any]:
        """Let a socket live as long as a fresh token of the same session; the answer is the acknowledgement."""
        subscriber = self.hub.subscriber(_sid())
        if subscriber is None:
            return {"ok": False, "code": "not_ready"}
        if not self._renewals.allows(subscriber):
            return {"ok": False, "code": "too_many_requests"}
        try:
            claims = self._runtime.read_access_token(_token(data))
            if claims.session_id != subscriber.session_id:
                raise Unauthenticated
            with self._runtime.database.transaction(claims.organisation_id) as session:
                actor_of(session, claims, self._address())
        except (Unauthenticated, NetworkRefused) as refusal:
            return {"ok": False, "code": refusal.code}
        subscriber.expires_at = claims.expires_at
        return {"ok": True, "expires_in": int(claims.expires_at - clock.seconds())}

    def _post_seen(self, data: Any = None) -> dict[str, Any]:
        return self.seen.take(_sid(), data)

    def _address(self) -> str | None:
        """Where the client whose message is being handled is."""
        return address_of(request.environ, self._runtime.settings.trusted_proxies)

    def _reading(self, sid: str, token: str, address: str | None) -> Reading:
        claims = self._runtime.read_access_token(token)
        with self._runtime.database.transaction(claims.organisation_id) as session:
            # The head first: a session that ends in between has its event after it.
            head, scopes = following_at_head(session, claims.session_id, claims.organisation_id)
            actor = actor_of(session, claims, address)
        socket = self.socketio.server.socket_of(sid)
        if socket is None or head is None:
            raise Unauthenticated
        subscriber = Subscriber(
            sid,
            socket,
            actor.person_id,
            actor.session_id,
            actor.organisation_id,
            head.position,
            claims.expires_at,
        )
        return subscriber, scopes, head

    def _deliver(self, event: Any) -> None:
        hearers = self.hub.apply(event)
        self.signals.watching.apply(event)
        if hearers:
            self._fanout.add(event.type, wire_event(event), hearers)
        if event.type in ACTS_ON:
            self._end_all(self.hub.of_session(event.person_id, event.subject_id), "session_ended")
        if unsettled := self.hub.unsettled(event):
            self._end_all(unsettled, "try_again")

    def _end_all(self, subscribers: Sequence[Subscriber], code: str) -> None:
        self._fanout.flush()
        for subscriber in subscribers:
            self._end(subscriber.sid, code)

    def _start_over(self) -> None:
        """Let go of every socket at once: the next that comes begins in the journal's present epoch."""
        self._fanout.flush()
        ended = self.hub.subscribers()
        for subscriber in ended:
            self._dismiss(subscriber.sid)
        for subscriber in ended:
            self._end(subscriber.sid, PositionUnknown.code)

    def _end_expired(self) -> None:
        while not self.tail.stopping:
            gevent.sleep(_EXPIRY_LOOK_S)
            for subscriber in self.hub.expired(clock.seconds() - _EXPIRY_GRACE_S):
                self._end(subscriber.sid, "token_expired")

    def _end(self, sid: str, code: str) -> None:
        """Say why, and disconnect."""
        self._dismiss(sid)
        self.socketio.emit("connection.closing", {"code": code}, to=sid)
        self.socketio.server.end(sid)


def _sid() -> str:
    """The client whose message is being handled; Flask-SocketIO writes it into the request."""
    return vars(request)["sid"]


def _check_epoch(auth: Any, head: Head) -> None:
    """Raise `PositionUnknown` where the app names another epoch: it has to drop what it keeps before it hears more."""
    given = auth.get("epoch") if isinstance(auth, dict) else None
    if given not in (None, str(head.epoch)):
        raise PositionUnknown


def _token(data: Any) -> str:
    token = data.get("token") if isinstance(data, dict) else None
    return token if isinstance(token, str) else ""
