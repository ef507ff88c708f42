"""Those who follow: socket and sync as docs/sync.md tells an app to, and a record of all that they were given."""

import json
import random
import threading
import time
from collections import defaultdict
from typing import Any

from bench.chaos.gate import Gate
from bench.chaos.http import FAILURES, Phone
from tests.raw_socket import CLOSE, RawWebSocket

_PAGE = 500
_TYPES = 0.05  # how often somebody types when there is something new
_PAUSE_S = 0.3
OWN = "own"


class Follower(threading.Thread):
    """One app. It drops repeats by position and id, and begins again where it stands whatever happens to it."""

    def __init__(self, name: str, phone: Phone, gate: Gate, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._phone, self._gate, self._ended = phone, gate, stop
        self.target: int | None = None
        self.starts = 0
        self._start()
        self.live = self.synced = self.repeats = self.connects = self.inversions = self.early = (
            self.renewed
        ) = 0
        self.failure: BaseException | None = None
        self.typing = self.presences = self.typing_leaked = 0
        self._watches, self._types_in, self._left = list[str](), list[str](), set[str]()

    def _start(self) -> None:
        """As after signing in: nothing that was had before counts any more."""
        me = self._phone.once("GET", "/v1/me")[1]
        self.person_id, self.start_position = me["person"]["id"], me["position"]
        self.scopes = {membership["scope_id"] for membership in me["memberships"]} | {
            me["organisation"]["id"]
        }
        self.position, self.epoch = self.start_position, me["epoch"]
        self.heard: list[tuple[int, str]] = []
        self.holding = self.scopes | {OWN}
        self.held: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._ids: set[str] = set()
        self._held_by = {membership["id"]: membership["scope_id"] for membership in me["memberships"]}
        self.starts += 1

    def signals(self, watches: list[str], types_in: list[str]) -> None:
        """Whom it watches, and the scopes in which its person types now and then."""
        self._watches, self._types_in = watches, types_in

    def run(self) -> None:
        """Follow until the target is reached, or `stop`."""
        try:
            while not self.done():
                try:
                    self._connection()
                except FAILURES:
                    self._phone.close()
                    time.sleep(_PAUSE_S * random.random())
        except BaseException as failure:  # reported at the end: a thread's own is not seen
            self.failure = failure

    def done(self) -> bool:
        """Whether there is nothing more to be had."""
        return self._ended.is_set() or (self.target is not None and self.position >= self.target)

    def _connection(self) -> None:
        """Connect, sync to where the socket's events begin, then take those."""
        self._keep_token()
        socket = self._phone.websocket()
        try:
            self.connects += 1
            last = self._ready(socket)
            self._left.clear()
            socket.sends('421["presence.watch",' + json.dumps({"person_ids": self._watches}) + "]")
            self._sync(last)
            while not self.done():
                event = self._next(socket)
                if event is not None:
                    self.inversions += event["position"] <= last
                    last = event["position"]
                    self.live += self._take(event)
                    if self._types_in and random.random() < _TYPES:
                        typed = {"scope_id": random.choice(self._types_in), "parent_id": None}
                        socket.sends('42["typing.start",' + json.dumps(typed) + "]")
                if self._keep_token():
                    socket.sends('420["session.renew",' + json.dumps({"token": self._phone.token}) + "]")
        finally:
            socket.close()

    def _keep_token(self) -> bool:
        """Get a fresh token where the present one is half over."""
        due = self._phone.is_due()
        if due:
            with self._gate.passes():
                self._phone.refresh()
        return due

    def _ready(self, socket: RawWebSocket) -> int:
        while True:
            packet = _read(socket)
            if packet.startswith('42["ready"'):
                return self._position_of(json.loads(packet[2:])[1])
            if packet.startswith(("44", "41")):
                raise ConnectionError(packet)

    def _position_of(self, ready: dict[str, Any]) -> int:
        if ready["epoch"] != self.epoch:
            self._start()
        return ready["position"]

    def _next(self, socket: RawWebSocket) -> dict[str, Any] | None:
        packet = _read(socket)
        if packet.startswith("430"):
            if not json.loads(packet[3:])[0]["ok"]:
                raise ConnectionError(packet)
            self.renewed += 1
        if not packet.startswith("42"):
            return None
        name, message = json.loads(packet[2:])
        self._note_signal(name, message)
        return message if "position" in message and "id" in message and name == message["type"] else None

    def _note_signal(self, name: str, message: dict[str, Any]) -> None:
        """A scope that ended on this very socket tells it no typing, until it begins there again."""
        if name == "membership.ended":
            self._left.add(self._scope_of(message))
        elif name == "membership.started":
            self._left.discard(self._scope_of(message))
        elif name.startswith("typing."):
            self.typing += 1
            self.typing_leaked += message["scope_id"] in self._left
        elif name == "presence.changed":
            self.presences += 1

    def _sync(self, least: int) -> None:
        more = True
        while (more or self.position < least) and not self._ended.is_set():
            self._keep_token()
            after = self.position
            status, page = self._phone.once("GET", f"/v1/sync?after={after}&epoch={self.epoch}&limit={_PAGE}")
            if status == 410:
                self._start()
                continue
            if status == 401 and page["code"] == "token_expired" and self._phone.is_due():
                raise ConnectionError(page["code"])
            if status != 200:
                raise RuntimeError((status, page))
            for event in page["items"]:
                self.inversions += event["position"] <= after
                after = event["position"]
                self.synced += self._take(event)
            self.position, more = max(self.position, page["position"]), page["more"]

    def _take(self, event: dict[str, Any]) -> bool:
        """Into the store, unless it was had before."""
        position, event_id, scope_id = event["position"], event["id"], event["scope_id"] or OWN
        if event_id in self._ids or position <= self.position:
            self.repeats += 1
            return False
        self._ids.add(event_id)
        self.heard.append((position, event_id))
        if scope_id in self.holding:
            self.held[scope_id].append((position, event_id))
        else:
            self.early += 1
        self._follow_memberships(event)
        self.position = position
        return True

    def _follow_memberships(self, event: dict[str, Any]) -> None:
        """A scope that ends is deleted; one that begins is held from here on, and its history is not our matter."""
        if event["type"] == "membership.ended":
            self.holding.discard(self._scope_of(event))
            self.held.pop(self._scope_of(event), None)
        elif event["type"] == "membership.started":
            self.holding.add(self._scope_of(event))
            self.held.pop(self._scope_of(event), None)

    def _scope_of(self, event: dict[str, Any]) -> str:
        """The scope that a membership begins or ends; an emptied event tells the membership alone."""
        if event["data"] is None:
            return self._held_by.get(event["subject_id"], "")
        self._held_by[event["data"]["id"]] = event["data"]["scope_id"]
        return event["data"]["scope_id"]


def _read(socket: RawWebSocket) -> str:
    """The next packet; pings are answered. Five seconds of silence are a dead connection to these apps."""
    while True:
        opcode, content, _ = socket.reads_frame()
        if opcode == CLOSE:
            raise ConnectionError(content)
        payload = content.decode()
        if payload != "2":
            return payload
        socket.sends("3")
