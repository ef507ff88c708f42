"""Events without HTTP, where the writers do not keep the pace: 400-byte posts in the outbox, 20 a transaction.

A commit whose answer is lost may have happened or not; it is not sent again, since it could not be told from a twin.
"""

import random
import threading
import time
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from base import ids
from base.database import Database
from bench.chaos.gate import Gate
from bench.chaos.writers import Budget
from bench.live_world import post_payload
from journal.catalogue import POST_CREATED
from journal.events import Event, append
from tests.world import Organisation

_TOGETHER = 20
_PAUSE_S = 0.08
PREFIX = "loader-"


class Loader(threading.Thread):
    """Writes events while the budget is behind, until it is spent; `accepted` are those whose commit was confirmed."""

    def __init__(
        self,
        database: Database,
        org: Organisation,
        scopes: list[str],
        budget: Budget,
        gate: Gate,
        stop: threading.Event,
    ) -> None:
        super().__init__(name="loader", daemon=True)
        self.accepted: dict[str, str] = {}
        self.tried = self.unknown = 0
        self._database, self._org, self._scopes = database, org, scopes
        self._budget, self._gate, self._ended = budget, gate, stop

    def run(self) -> None:
        """One transaction after the other."""
        while not self._ended.wait(_PAUSE_S) and not self._budget.is_spent():
            taken = self._budget.take_spare(_TOGETHER)
            if not taken:
                continue
            self.tried += taken
            posts = [post_payload(self._org, random.choice(self._scopes), n) for n in range(taken)]
            for post in posts:
                post["client_id"] = f"{PREFIX}{ids.new_id()}"
            try:
                with self._gate.passes(), self._database.transaction() as session:
                    append(session, self._org.id, *map(_event, posts))
            except SQLAlchemyError:
                self.unknown += taken
                time.sleep(1)
            else:
                self.accepted |= {post["client_id"]: post["id"] for post in posts}


def _event(post: dict[str, str]) -> Event:
    return Event(POST_CREATED, subject_id=UUID(post["id"]), payload=post, scope_id=UUID(post["scope_id"]))
