"""The place indexes of one process: when one is right, who makes it, and how many are kept.

    request ──current()──▶ is it right, as of this transaction? ──yes──▶ the index
                                     │ no: PostGIS answers this request
                                     ▼
    journal ──NOTIFY──▶ follower ─▶ wanted ─▶ builder (loads what changed, in pieces) ─▶ the next index

A stale index is never asked. Every change of a place writes its event in the same transaction, so at any moment all
committed changes are in the journal or still in the outbox. An index that was right at position p is therefore right
for a transaction that sees no event of a place after p in the journal, and no event at all in the outbox. Both are
seen in that transaction itself, by one statement: a relayed event leaves the one and enters the other at the same
commit. The follower only makes the next index come sooner.

An index is loaded after the position that it is said to be right at was read. A change that commits in between may
or may not be in it; its event lies behind that position, so the index will not be asked before it is made again.
An index of another epoch is stale whatever its position: after a restore, positions and versions are given again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from enum import Enum
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from base.database import Database
from base.listen import Listener
from base.logs import logger
from base.work.offload import offload
from geo.lookup.index import INDEX_WEIGHT, IndexedPlace, PlaceIndex
from geo.lookup.nearby import portions, read_places, stored_places
from geo.models.places import Place
from journal.catalogue import read_by
from journal.event_types import Reader
from journal.events import JOURNAL_CHANNEL
from journal.tail import READ_LIMIT, head_in_epoch

log = logger(__name__)

KEPT_WEIGHT = 5_000_000
_PAGE = 2_000
_POLL_S = 10.0
_CALM_S = 0.2
_REFUSED_S = 600.0
ACTS_ON = sorted(read_by(Reader.PLACES))
_HEAD = text(
    "SELECT coalesce((SELECT position FROM journal_heads WHERE organisation_id = :organisation), 0) AS position,"
    " EXISTS (SELECT id FROM outbox) AS pending, (SELECT id FROM journal_epoch) AS epoch"
)
_SINCE = text(
    "SELECT count(*) AS seen, coalesce(bool_or(type = ANY(:types)), false) AS changed FROM journal"
    " WHERE organisation_id = :organisation AND position > :after AND position <= :until"
)


class Freshness(Enum):
    """What a transaction finds out about an index."""

    RIGHT = "right"
    UNSURE = "unsure"  # something is on its way to the journal; it may be a place
    STALE = "stale"


class TooLarge(Exception):
    """An organisation's places would take more memory than all indexes may."""


class PlaceIndexes:
    """The indexes of the organisations that this process serves; the longest unused ones go first."""

    def __init__(self, database: Database, kept_weight: int = KEPT_WEIGHT) -> None:
        self._database = database
        self._kept_weight = kept_weight
        self._kept: OrderedDict[UUID, PlaceIndex] = OrderedDict()
        self._refused: dict[UUID, float] = {}
        self._wanted: dict[UUID, None] = {}
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self.stopping = False

    def current(self, session: Session, organisation_id: UUID) -> PlaceIndex | None:
        """The organisation's index if it is right for this transaction; None: ask PostGIS, the index is on its way."""
        with self._lock:
            index = self._kept.get(organisation_id)
            if index is not None:
                self._kept.move_to_end(organisation_id)
        verdict = Freshness.STALE if index is None else judge(session, organisation_id, index)
        if verdict is Freshness.STALE:
            self.want(organisation_id)
        return index if verdict is Freshness.RIGHT else None

    def want(self, organisation_id: UUID) -> None:
        """Have the builder make the organisation's index."""
        with self._lock:
            if self._refused.get(organisation_id, 0.0) > time.monotonic():
                return
            self._wanted[organisation_id] = None
        self._wake.set()

    def build(self, organisation_id: UUID) -> PlaceIndex | None:
        """Make the index now and keep it; None when it is too large to be kept."""
        with self._lock:
            known = self._kept.get(organisation_id)
        try:
            index = load(self._database, organisation_id, known, self._kept_weight)
        except TooLarge:
            log.warning("place_index_too_large", organisation_id=str(organisation_id))
            self._refuse(organisation_id)
            return None
        self._keep(organisation_id, index)
        return index

    @property
    def organisations(self) -> list[UUID]:
        """Those that have an index here, the longest unused first."""
        with self._lock:
            return list(self._kept)

    def start(self) -> None:
        """Begin to build and to follow the journal, in the background."""
        for loop in (self._build_wanted, self._follow_journal):
            threading.Thread(target=loop, daemon=True).start()

    def stop(self) -> None:
        """End the background's loops soon."""
        self.stopping = True
        self._wake.set()

    def look(self, organisation_id: UUID) -> None:
        """Find out whether the journal has brought a change of a place, and want the next index if so."""
        with self._lock:
            index = self._kept.get(organisation_id)
        if index is None:
            return
        with self._database.transaction(organisation_id) as session:
            if judge(session, organisation_id, index) is Freshness.STALE:
                self.want(organisation_id)

    def _keep(self, organisation_id: UUID, index: PlaceIndex) -> None:
        with self._lock:
            self._kept[organisation_id] = index
            self._kept.move_to_end(organisation_id)
            while sum(kept.weight for kept in self._kept.values()) > self._kept_weight:
                self._kept.popitem(last=False)

    def _refuse(self, organisation_id: UUID) -> None:
        with self._lock:
            self._refused[organisation_id] = time.monotonic() + _REFUSED_S
            self._kept.pop(organisation_id, None)

    def _build_wanted(self) -> None:
        while not self.stopping:
            self._wake.wait()
            self._wake.clear()
            while self._wanted and not self.stopping:
                begun = time.monotonic()
                with self._lock:
                    organisation_id = next(iter(self._wanted))
                    del self._wanted[organisation_id]
                try:
                    self.build(organisation_id)
                except SQLAlchemyError as error:
                    log.warning("place_index_lost_database", error=type(error).__name__)
                except Exception:
                    # PostGIS goes on answering; trying again at once would fail again.
                    log.exception("place_index_failed", organisation_id=str(organisation_id))
                    self._refuse(organisation_id)
                # An import of an hour must not keep the process busy with indexes that are stale once they are made.
                time.sleep(max(time.monotonic() - begun, 0.02))

    def _follow_journal(self) -> None:
        url = self._database.engine.url.render_as_string(hide_password=False)
        listener = Listener(url, JOURNAL_CHANNEL)
        while not self.stopping:
            woken = listener.wait(_POLL_S)
            for organisation_id in self.organisations:
                if not woken or str(organisation_id) in woken:
                    try:
                        self.look(organisation_id)
                    except SQLAlchemyError as error:
                        log.warning("place_index_lost_database", error=type(error).__name__)
            time.sleep(_CALM_S)
        listener.close()


def judge(session: Session, organisation_id: UUID, index: PlaceIndex) -> Freshness:
    """Whether the index is right for what this transaction sees now; moves its position on when it is."""
    # Read before the statement: another request may move it on, beyond what this transaction sees.
    position = index.position
    head = session.execute(_HEAD, {"organisation": organisation_id}).one()
    if head.epoch != index.epoch:
        return Freshness.STALE
    if head.position != position:
        between = head.position - position
        if not 0 < between <= READ_LIMIT:
            return Freshness.STALE
        span = {"organisation": organisation_id, "after": position, "until": head.position}
        since = session.execute(_SINCE, span | {"types": ACTS_ON}).one()
        # Events that are gone (a dropped partition) may have told of a place.
        if since.changed or since.seen != between:
            return Freshness.STALE
        index.position = max(index.position, head.position)
    return Freshness.UNSURE if head.pending else Freshness.RIGHT


def load(
    database: Database, organisation_id: UUID, known: PlaceIndex | None = None, most: int = KEPT_WEIGHT
) -> PlaceIndex:
    """Read the organisation's places; those that `known` has in the same version are taken over.

    Reads in pieces, each in a transaction of its own, so that neither the database nor the process is held up for
    long. Raises `TooLarge` beyond the weight of `most`.
    """
    with database.transaction(organisation_id) as session:
        head = head_in_epoch(session, organisation_id)
    places: list[IndexedPlace] = []
    missing: list[UUID] = []
    for place_id, version in _standing(database, organisation_id):
        place = None if known is None or known.epoch != head.epoch else known.version_of(place_id, version)
        if place is None:
            missing.append(place_id)
        else:
            places.append(place)
    weight = INDEX_WEIGHT + sum(place.weight for place in places)
    for portion in portions(database, organisation_id, missing):
        with database.transaction(organisation_id) as session:
            rows = stored_places(session, portion)
        piece = offload(read_places, rows)
        places += piece
        weight += sum(place.weight for place in piece)
        if weight > most:
            raise TooLarge
    return offload(PlaceIndex, places, head.position, head.epoch)


def _standing(database: Database, organisation_id: UUID) -> Iterator[tuple[UUID, int]]:
    """The ids and versions of all places that stand, by id."""
    page = select(Place.id, Place.version).where(Place.archived_at.is_(None)).order_by(Place.id).limit(_PAGE)
    after = UUID(int=0)
    while True:
        with database.transaction(organisation_id) as session:
            rows = session.execute(page.where(Place.id > after)).all()
        yield from ((row.id, row.version) for row in rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1].id
