"""When somebody was last connected, on its way into the database: what was not written yet is kept, and tried again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

import gevent
from sqlalchemy.exc import SQLAlchemyError

from base import clock
from base.database import Database
from base.logs import logger
from people.online.last_seen import note_seen
from people.online.online import Key, Online

log = logger(__name__)
_LOOK_S = 1.0
_KEEP_S = 60.0
_MOST = 500  # persons in one transaction


class LastSeen:
    """For the persons of one web process: when their last socket went, and once a minute while one is open."""

    def __init__(self, database: Database, online: Online) -> None:
        self._database, self._online = database, online
        self._seen: dict[Key, datetime] = {}
        self.stopping = False

    def at(self, key: Key) -> datetime | None:
        """When somebody was seen, where the database does not know it yet."""
        return self._seen.get(key)

    def note(self, keys: Iterable[Key]) -> None:
        """They are, or were until now, connected."""
        self._seen |= dict.fromkeys(keys, clock.now())

    def run(self) -> None:
        """Write it down until `stopping`."""
        looks = 0
        while not self.stopping:
            gevent.sleep(_LOOK_S)
            looks += 1
            if looks % round(_KEEP_S / _LOOK_S) == 0:
                self.note(self._online.own)
            self.write()

    def write(self) -> None:
        """Write down what there is; what a lost database did not take stays for the next time."""
        for organisation_id, seen in self._parts():
            try:
                with self._database.transaction(organisation_id) as session:
                    note_seen(session, organisation_id, seen)
            except SQLAlchemyError as error:
                log.warning("last_seen_not_kept", error=type(error).__name__)
                return
            for person_id, at in seen.items():
                key = (organisation_id, person_id)
                if self._seen.get(key) == at:
                    del self._seen[key]

    def _parts(self) -> Iterator[tuple[UUID, dict[UUID, datetime]]]:
        organisations: dict[UUID, list[tuple[UUID, datetime]]] = defaultdict(list)
        for (organisation_id, person_id), at in self._seen.items():
            organisations[organisation_id].append((person_id, at))
        for organisation_id, seen in organisations.items():
            for start in range(0, len(seen), _MOST):
                yield organisation_id, dict(seen[start : start + _MOST])
