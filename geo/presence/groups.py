"""Numbers of persons, as they may be told: a group that is too small is not a number but persons.

Nor may a small group be worked out from what is told. Who knows how many are in a site and in its only zone knows how
many are in neither; so a zone is not told where that rest would be small, alone or together with the other zones that
are told. Larger zones go first, and the site before all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from base import clock
from geo.models.privacy import Charter

SMALLEST_GROUP = 5
NOTICE = timedelta(days=1)
EVER = datetime(1970, 1, 1, tzinfo=UTC)
Persons = set[UUID] | frozenset[UUID]


@dataclass(frozen=True)
class Groups:
    """What a site's charter says of numbers. Where it shows numbers only, nobody at all is a small group too."""

    smallest: int
    aggregate_only: bool

    def or_stricter(self, other: "Groups") -> "Groups":
        """The stricter of both, in each respect."""
        return Groups(
            max(self.smallest, other.smallest), aggregate_only=self.aggregate_only or other.aggregate_only
        )

    def tells(self, count: int) -> bool:
        """Whether a count may be told."""
        return count >= self.smallest or (count == 0 and not self.aggregate_only)

    def shown(self, count: int) -> int | None:
        """The count, or None where it may not be told."""
        return count if self.tells(count) else None

    def shown_together(self, site_id: UUID, inside: Mapping[UUID, Persons]) -> dict[UUID, int]:
        """Of those who are inside a site and its zones, the numbers that may be told side by side."""
        told: dict[UUID, Persons] = {}
        for place_id in sorted(inside, key=lambda place: (place != site_id, -len(inside[place]), place)):
            persons = inside[place_id]
            if self.tells(len(persons)) and self._leaves_groups(told, persons):
                told[place_id] = persons
        return {place_id: len(persons) for place_id, persons in told.items()}

    def _leaves_groups(self, told: Mapping[UUID, Persons], persons: Persons) -> bool:
        """Whether those who are in a told place around this one, and not in its told parts, may be told too."""
        for whole in told.values():
            if persons and persons <= whole:
                others = whole - persons
                rest = others.difference(*(part for part in told.values() if part < whole))
                if not (self.tells(len(others)) and self.tells(len(rest))):
                    return False
        return True


def groups_of(session: Session, site_id: UUID) -> Groups:
    """What holds at a site.

    A charter that promises less does so a day after it was written (`NOTICE`): until then all that it had promised
    holds beside it. So nobody looks for a moment and promises more again.
    """
    charter = session.get(Charter, site_id)
    if charter is None:
        return Groups(SMALLEST_GROUP, aggregate_only=False)
    written = Groups(charter.smallest_group, charter.aggregate_only)
    if clock.now() >= _holds_since(charter):
        return written
    former = Groups(charter.former_smallest_group or SMALLEST_GROUP, bool(charter.former_aggregate_only))
    return written.or_stricter(former)


def promised_since(session: Session, site_id: UUID) -> datetime:
    """Since when no more had been promised at a site than is now: what was before that is not told by today's rules."""
    charter = session.get(Charter, site_id)
    return EVER if charter is None else _holds_since(charter)


def remember_promise(charter: Charter, before: Groups, kept_days: int | None) -> None:
    """Keep what had been promised `before` the charter was written anew, where it promises less now.

    `kept_days`: for how long visits were kept by it; None: there was none.
    """
    written = Groups(charter.smallest_group, charter.aggregate_only)
    if written.or_stricter(before) != written:
        charter.loosened_at = clock.now()
        charter.former_smallest_group = before.smallest
        charter.former_aggregate_only = before.aggregate_only
    if kept_days is not None and charter.visit_days > kept_days:
        charter.lengthened_at = clock.now()
        charter.former_visit_days = min(kept_days, charter.former_visit_days or kept_days)


def _holds_since(charter: Charter) -> datetime:
    return EVER if charter.loosened_at is None else charter.loosened_at + NOTICE
