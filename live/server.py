"""The Socket.IO server: who may connect, and how an event of the journal becomes a message.

A connect carries `auth: {"token": access token}`. A refused one gets `connect_error` with `data.code`: `token_expired`
(refresh and connect again) or `unauthenticated` (sign in again). The server never trusts a client's word about rooms:
there is no message that a client could send to join one.
"""

from typing import Any
from uuid import UUID

from flask import Flask, request
from flask_socketio import SocketIO
from socketio.exceptions import ConnectionRefusedError
from sqlalchemy.exc import SQLAlchemyError

from base.errors import Unauthenticated
from base.logs import logger
from journal.tail import head_position, wire_event
from live import codec
from live.hub import Hub, Listener
from live.tail import JournalTail
from people.audience import Readable, following
from people.runtime import Runtime
from people.sessions import actor_of

log = logger(__name__)
Reading = tuple[Listener, list[Readable]]


class LiveServer:
    """Sockets of one web process."""

    def __init__(self, app: Flask) -> None:
        self._runtime: Runtime = app.extensions["hereabouts"]
        self.hub = Hub()
        self.socketio = SocketIO(
            app,
            async_mode="gevent",
            cors_allowed_origins="*",
            max_http_buffer_size=64 * 1024,
            ping_interval=25,
            ping_timeout=20,
            json=codec,
            logger=False,
            engineio_logger=False,
        )
        self.socketio.on_event("connect", self._connect)
        self.socketio.on_event("disconnect", self._disconnect)
        self.tail = JournalTail(
            self._runtime.database, self._runtime.settings.database_url, self.hub, self._deliver
        )

    def start(self) -> None:
        """Begin to follow the journal."""
        self.socketio.start_background_task(self.tail.run)

    def _connect(self, auth: Any = None) -> None:
        """Refuse, or let in: the rooms come right after the CONNECT packet, which nothing may overtake."""
        token = auth.get("token") if isinstance(auth, dict) else None
        sid: str = request.sid  # type: ignore[attr-defined]
        try:
            reading = self._reading(sid, token if isinstance(token, str) else "")
        except Unauthenticated as refusal:
            raise ConnectionRefusedError(refusal.detail, {"code": refusal.code}) from None
        self.socketio.start_background_task(self._admit, sid, token, reading)

    def _admit(self, sid: str, token: str, reading: Reading) -> None:
        """Put the socket into its rooms, with a reading that is not older than what was already sent."""
        try:
            while not self.hub.admit(*reading):
                reading = self._reading(sid, token)
        except (Unauthenticated, SQLAlchemyError):
            self.socketio.server.disconnect(sid)
            return
        if not self.socketio.server.manager.is_connected(sid, "/"):
            self.hub.dismiss(sid)
            return
        self.socketio.emit("ready", {"position": reading[0].position}, to=sid)

    def _disconnect(self, *_reason: Any) -> None:
        self.hub.dismiss(request.sid)  # type: ignore[attr-defined]

    def _reading(self, sid: str, token: str) -> Reading:
        claims = self._runtime.tokens.read_access_token(token)
        with self._runtime.database.transaction(claims.organisation_id) as session:
            # The head first: a membership that changes in between has its event after it.
            position = head_position(session, claims.organisation_id)
            actor = actor_of(session, claims)
            scopes = following(session, actor.person_id, actor.organisation_id)
        listener = Listener(sid, actor.person_id, actor.session_id, actor.organisation_id, position)
        return listener, scopes

    def _deliver(self, event: Any, sids: list[str]) -> None:
        if sids:
            # One emit to all of them: the packet is encoded once.
            self.socketio.emit(event.type, wire_event(event), to=sids)
        if event.type == "session.ended":
            self._cut(UUID(event.payload["session_id"]))

    def _cut(self, session_id: UUID) -> None:
        for sid in self.hub.sockets_of_session(session_id):
            self.hub.dismiss(sid)
            self.socketio.server.disconnect(sid)
