"""Who is counted in a place, and who makes a group there.

A group is made by those who came by themselves: by what their phones say, or a code that they scanned. A manager's word
lifts nobody's group, or four words would show whether a fifth person is there. It is a number from the next window of
time on (`WINDOW`), and none at all where a site shows numbers alone: there a visitor's account, which costs a scan,
lifts nobody's group either.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.orm import Session

from base import clock
from geo.presence.groups import Groups
from people.permissions import VISITOR

WINDOW = timedelta(minutes=15)
BY_HAND = "manual"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACES = bindparam("places", type_=ARRAY(Uuid))
_NOW = text(
    """
    SELECT v.place_id, v.person_id, bool_or(e.source <> 'manual') AS own, min(e.since) AS since
    FROM visits v JOIN evidence e ON e.visit_id = v.id AND e.ended_at IS NULL
    WHERE v.place_id = ANY (:places) AND v.left_at IS NULL
    GROUP BY v.place_id, v.person_id
    """
).bindparams(_PLACES)
_THEN = text(
    """
    SELECT DISTINCT v.place_id, v.person_id, p.role
    FROM visits v JOIN evidence e ON e.visit_id = v.id JOIN persons p ON p.id = v.person_id
    WHERE v.place_id = ANY (:places) AND v.entered_at <= :at AND (v.left_at IS NULL OR v.left_at > :at)
        AND e.source <> 'manual' AND e.since <= :at AND (e.ended_at IS NULL OR e.ended_at > :at)
    """
).bindparams(_PLACES)
_SPANS = text(
    """
    SELECT v.place_id, v.person_id, e.source <> 'manual' AS own, greatest(e.since, v.entered_at) AS since,
        least(e.ended_at, v.left_at) AS until
    FROM visits v JOIN evidence e ON e.visit_id = v.id
    WHERE v.place_id = ANY (:places) AND v.entered_at < :until AND (v.left_at IS NULL OR v.left_at > :start)
        AND e.since < :until AND (e.ended_at IS NULL OR e.ended_at > :start)
    """
).bindparams(_PLACES)


@dataclass
class Inside:
    """Who is in each place: those who make a group there, and those who are counted where there is one."""

    own: defaultdict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    counted: defaultdict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))

    def add(self, place_id: UUID, person_id: UUID, *, own: bool) -> None:
        """Count somebody; `own`: as one who makes a group."""
        self.counted[place_id].add(person_id)
        if own:
            self.own[place_id].add(person_id)

    def told(self, groups: Groups, site_id: UUID, places: Collection[UUID]) -> dict[UUID, int]:
        """The numbers that may be told side by side, of some places of a site."""
        judged: Mapping[UUID, Set[UUID]] = {place_id: self.own[place_id] for place_id in places}
        told = groups.shown_together(site_id, judged)
        return {place_id: len(self.counted[place_id]) for place_id in told}


def window_of_time(at: datetime) -> datetime:
    """The beginning of the window that a moment lies in."""
    return at - (at - _EPOCH) % WINDOW


def inside_now(session: Session, places: Collection[UUID]) -> Inside:
    """Who is in some places at this moment; by a manager's word, since the present window began or longer."""
    inside, window = Inside(), window_of_time(clock.now())
    for row in session.execute(_NOW, {"places": list(places)}):
        if row.own or row.since <= window:
            inside.add(row.place_id, row.person_id, own=row.own)
    return inside


def inside_then(session: Session, places: Collection[UUID], at: datetime) -> Inside:
    """Who was in some places at a moment, without a manager's word; visitors make no group."""
    inside = Inside()
    for row in session.execute(_THEN, {"places": list(places), "at": at}):
        inside.add(row.place_id, row.person_id, own=row.role != VISITOR)
    return inside


def inside_by_step(
    session: Session, places: Collection[UUID], start: datetime, until: datetime, step: timedelta
) -> dict[int, Inside]:
    """Who was in some places within each step of a span."""
    found: defaultdict[int, Inside] = defaultdict(Inside)
    for span in session.execute(_SPANS, {"places": list(places), "start": start, "until": until}):
        first = max(span.since - start, timedelta(0)) // step
        left = min(span.until or until, until)
        for number in range(first, -((start - left) // step)):
            found[number].add(span.place_id, span.person_id, own=span.own)
    return found
