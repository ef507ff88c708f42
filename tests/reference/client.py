"""What an app does, whatever happens to it. It may be killed at any line and begins again where its store stands.

    the person ─▶ queue ─▶ POST /v1/me/outbox          results only empty the queue
    GET /v1/sync ─▶ events, in order ─▶ store           sync alone moves the position
    the socket ─▶ there is something to sync            a post of it is shown before

There is one way into the store, sync, and two exceptions: history, fetched when a scope begins, and posts that came
over the socket. They may overlap, and a post's `version` tells which is later.
Asked to slow down, it waits as long as it is told and asks the same again.
Positions are of an epoch; what comes of another one (a socket that was open while the server was restored) is dropped.
"""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.reference.store import Store

PAGE, BATCH = 100, 100
_RETRY, _TOO_MANY = 500, 429


class Refused(Exception):
    """The server's refusal; no answer at all is a ConnectionError."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after: str | None = None) -> None:
        super().__init__(problem.get("code"))
        self.status, self.problem = status, problem
        self.wait_s = int(retry_after or 0)


Send = Callable[[str, str, Any], Any]


class ReferenceClient:
    """One app. `send(method, path, body)` gives the answer's JSON; it raises `Refused` or ConnectionError."""

    def __init__(
        self,
        store: Store,
        send: Send,
        page: int = PAGE,
        batch: int = BATCH,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.store, self._page, self._batch = store, page, batch
        self._try, self._wait = send, wait

    def do(self, kind: str, **said: Any) -> str:
        """Queue what the person does, network or not; returns its client_id."""
        client_id = secrets.token_hex(8)
        item = {"kind": kind, "client_id": client_id, "at": datetime.now(UTC).isoformat(), **said}
        with self.store.change():
            self.store.enqueue(item)
        return client_id

    def catch_up(self, least: int = 0, epoch: str | None = None) -> None:
        """Send what is queued, then be right up to the server's position, with history.

        And at least to `least`, if that epoch is still the server's: what a socket's `ready` said.
        """
        self._send_queue()
        if self.store.position is None:
            self._start_over()
        while self._read_page() or (self.store.epoch == epoch and (self.store.position or 0) < least):
            pass
        if self.store.in_doubt:
            self._ask_which_are_ours()
        while self._fetch_page():
            pass

    def hear(self, event: dict[str, Any], epoch: str) -> None:
        """An event from a socket of an epoch, in whatever order, however late or often.

        A post is shown, all else is synced for.
        What was shown is still to be had by sync, within a minute or so: the position does not move here.
        """
        if epoch != self.store.epoch or event["position"] <= (self.store.position or 0):
            return
        if event["type"].startswith("post."):
            with self.store.change():
                self._keep(event)
        else:
            self.catch_up()

    def _send(self, method: str, path: str, body: Any) -> Any:
        while True:
            try:
                return self._try(method, path, body)
            except Refused as refusal:
                if refusal.status != _TOO_MANY:
                    raise
                self._wait(refusal.wait_s)

    def _send_queue(self) -> None:
        """Send all that is queued, once. What waits for news of where the phone was stays, and what is of it."""
        last, waiting = 0, set[str]()
        while batch := self.store.queued(self._batch, last):
            body = {"sent_at": datetime.now(UTC).isoformat(), "items": [item for _, item in batch]}
            results = self._send("POST", "/v1/me/outbox", body)["items"]
            with self.store.change():
                for (number, item), result in zip(batch, results, strict=True):
                    self._settle(number, item, result, waiting)
            if any(result["status"] >= _RETRY for result in results):
                return
            last = batch[-1][0]

    def _settle(self, number: int, item: dict[str, Any], result: dict[str, Any], waiting: set[str]) -> None:
        if result["status"] < 300:
            self.store.sent(number)
        elif _waits(item, result["problem"], waiting):
            waiting.add(item["client_id"])
        elif result["status"] < _RETRY:
            self.store.refused(number, result["problem"])

    def _start_over(self) -> None:
        me = self._send("GET", "/v1/me", None)
        with self.store.change():
            self.store.forget_everything()
            self.store.settle(_ours(me))
            self.store.move(me["position"], me["epoch"])

    def _ask_which_are_ours(self) -> None:
        """What began or ended after our position has its event there, and then is had twice, which does no harm."""
        me = self._send("GET", "/v1/me", None)
        with self.store.change():
            self.store.settle(_ours(me))

    def _read_page(self) -> bool:
        """Take a page of sync; returns whether there is more."""
        known = f"&epoch={self.store.epoch}" if self.store.epoch else ""
        query = f"after={self.store.position}{known}&limit={self._page}"
        try:
            page = self._send("GET", f"/v1/sync?{query}", None)
        except Refused as refusal:
            if refusal.status != 410:
                raise
            self._start_over()
            return True
        with self.store.change():
            for event in page["items"]:
                self._take(event)
            self.store.move(page["position"], page["epoch"])
        return page["more"]

    def _take(self, event: dict[str, Any]) -> None:
        if event["data"] is None:
            self._take_emptied(event["type"], event["subject_id"])
        else:
            self._take_whole(event["type"], event["data"])

    def _take_whole(self, kind: str, data: dict[str, Any]) -> None:
        if kind.startswith("post."):
            self.store.keep(data)
        elif kind == "membership.started":
            self.store.end_scope(data["scope_id"])
            self.store.begin_scope(data["scope_id"], data["id"])
        elif kind == "membership.ended":
            self.store.end_scope(data["delete_scope_id"])

    def _take_emptied(self, kind: str, subject_id: str) -> None:
        if kind == "membership.ended":
            self.store.end_membership(subject_id)
        elif kind == "membership.started":
            self.store.doubt()

    def _keep(self, event: dict[str, Any]) -> None:
        if event["data"] is not None:
            self.store.keep(event["data"])

    def _fetch_page(self) -> bool:
        """Fetch a page of history of a scope that lacks it; returns whether there was one to fetch."""
        wanted = self.store.unfetched()
        if wanted is None:
            return False
        scope_id, cursor = wanted
        query = f"limit={self._page}" + (f"&cursor={cursor}" if cursor else "")
        try:
            page = self._send("GET", f"/v1/scopes/{scope_id}/posts?{query}", None)
        except Refused as refusal:
            if refusal.status not in (403, 404):
                raise
            page = {"items": [], "next": None}  # it is over already; the event that says so will come
        with self.store.change():
            for post in page["items"]:
                self.store.keep(post)
            self.store.fetched(scope_id, page["next"])
        return True


def _ours(me: dict[str, Any]) -> dict[str, str | None]:
    """The scopes of `GET /v1/me`, each with the membership that it is ours by."""
    implied = {me["organisation"]["id"]: None}
    return implied | {membership["scope_id"]: membership["id"] for membership in me["memberships"]}


def _waits(item: dict[str, Any], problem: dict[str, Any], waiting: set[str]) -> bool:
    """Whether what was refused may be taken once more is known of where the phone was."""
    if problem["code"] == "not_seen_there":
        return datetime.now(UTC) < datetime.fromisoformat(problem["retry_until"])
    return bool({item.get("post_client_id"), item.get("parent_client_id")} & waiting)
