"""What was seen live, and who is connected: so that no phone rings for what its person looks at.

`post.seen {"post_ids": […]}` is taken a few times in a stretch from each socket, and then refused until the next one.
That a device is connected is written down once a minute, for all sockets of an organisation in one statement.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import gevent
from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from base.database import Database
from base.errors import Faulty
from base.logs import logger
from live.hub import Hub
from live.limits import Limit
from live.measuring import fits
from live.subscribers import Subscriber
from push.reports.sightings import connected, see
from schemas.sightings import MOST_SEEN, SeenPosts

log = logger(__name__)
_LOOK_S, _AGAIN_S = 2.0, 60.0
_MOST = 500  # devices in one transaction
_SCHEMA = SeenPosts()


class Seen:
    """For the sockets of one web process."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database, self._hub = database, hub
        self._limit = Limit()
        self._marked: WeakKeyDictionary[Subscriber, float] = WeakKeyDictionary()
        self.stopping = False

    def take(self, sid: str, data: Any) -> dict[str, Any]:
        """`post.seen` of a socket; the answer is the acknowledgement."""
        subscriber = self._hub.subscriber(sid)
        if subscriber is None:
            return {"ok": False, "code": "not_ready"}
        if not self._limit.allows(subscriber):
            return {"ok": False, "code": "too_many_requests"}
        if not fits(data, post_ids=MOST_SEEN):
            return {"ok": False, "code": "invalid"}
        try:
            said: Any = _SCHEMA.load(data)
            post_ids = [post_id for post_id in said["post_ids"] if not isinstance(post_id, Faulty)]
            with self._database.transaction(subscriber.organisation_id) as session:
                see(session, subscriber.organisation_id, subscriber.person_id, post_ids)
        except ValidationError:
            return {"ok": False, "code": "invalid"}
        except SQLAlchemyError:
            return {"ok": False, "code": "try_again"}
        return {"ok": True}

    def run(self) -> None:
        """Write down who is connected, until `stopping`."""
        while not self.stopping:
            gevent.sleep(_LOOK_S)
            self.mark()

    def mark(self) -> None:
        """Write it down for those of whom it was not for a minute."""
        now = time.monotonic()
        due: dict[UUID, list[Subscriber]] = defaultdict(list)
        for subscriber in self._hub.subscribers():
            if self._marked.get(subscriber, 0.0) <= now - _AGAIN_S:
                due[subscriber.organisation_id].append(subscriber)
        for organisation_id, subscribers in due.items():
            for start in range(0, len(subscribers), _MOST):
                self._mark(organisation_id, subscribers[start : start + _MOST], now)

    def _mark(self, organisation_id: UUID, subscribers: Iterable[Subscriber], now: float) -> None:
        try:
            with self._database.transaction(organisation_id) as session:
                connected(session, [subscriber.session_id for subscriber in subscribers])
        except SQLAlchemyError as error:
            log.warning("connected_not_written", error=type(error).__name__)
            return
        self._marked.update(dict.fromkeys(subscribers, now))
