"""Judging a zone or a draft by what surrounds it. Pure, and all of it fit to be sent to another process.

Shapes travel as WKB, and are made into polygons where the work is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from shapely import MultiPolygon, STRtree, from_wkb, prepare

from geo.shapes.advice import Advice, Draft, Neighbour, Surroundings, advise
from geo.shapes.overlaps import Overlaps
from geo.shapes.remarks import remarks


@dataclass(frozen=True)
class Seen:
    """Another place. `shape` is WKB; None where it does not come near, or (`unread`) there was too much to read."""

    id: UUID
    name: str
    shape: bytes | None = None
    floors: tuple[int, int] | None = None
    unread: bool = False

    @property
    def neighbour(self) -> Neighbour:
        """With its polygon."""
        return Neighbour(self.id, self.name, None if self.shape is None else _shape(self.shape), self.floors)


@dataclass(frozen=True)
class SeenAround:
    """What a draft is judged against, as `Surroundings`."""

    home: bytes
    neighbours: Sequence[Seen] = ()
    parts: Sequence[Seen] = ()

    @property
    def size(self) -> int:
        """The bytes of all shapes; a corner has sixteen."""
        return len(self.home) + sum(len(seen.shape or b"") for seen in (*self.neighbours, *self.parts))

    @property
    def surroundings(self) -> Surroundings:
        """With polygons."""
        parts = [part.neighbour for part in self.parts]
        return Surroundings(_shape(self.home), [other.neighbour for other in self.neighbours], parts)

    @property
    def unread(self) -> bool:
        """Whether something could not be looked at."""
        return any(seen.unread for seen in (*self.neighbours, *self.parts))


def advised(draft: Draft, around: SeenAround) -> list[Advice]:
    """All advice on a draft."""
    found = advise(draft, around.surroundings)
    if around.unread and all(advice.code != "not_compared" for advice in found):
        found.append(Advice("not_compared", "info"))
    return found


def remarked(zone: Seen, around: SeenAround) -> list[str]:
    """What to look at in a zone."""
    near = around.surroundings
    found = list(remarks(zone.neighbour, cast("MultiPolygon", near.home), near.neighbours, Overlaps()))
    return [*found, "not_compared"] if around.unread and "not_compared" not in found else found


def compared_with(
    zones: Sequence[tuple[UUID, Seen]], near: Sequence[tuple[UUID, Seen]], homes: Mapping[UUID, bytes]
) -> list[list[str]]:
    """What to look at in each of some zones, given as others with the ids of their sites, whose shapes are `homes`."""
    drawn, others = [seen.neighbour for _, seen in zones], [seen.neighbour for _, seen in near]
    sites = {site_id: _shape(home) for site_id, home in homes.items()}
    prepare(list(sites.values()))
    meeting: list[list[Neighbour]] = [[] for _ in zones]
    tree = STRtree([_shape(seen.shape or b"") for _, seen in near])
    for zone, other in tree.query([_shape(seen.shape or b"") for _, seen in zones]).T.tolist():
        if near[other][0] == zones[zone][0] and others[other].id != drawn[zone].id:
            meeting[zone].append(others[other])
    overlaps = Overlaps()
    return [
        list(remarks(zone, sites[site_id], siblings, overlaps))
        for zone, (site_id, _), siblings in zip(drawn, zones, meeting, strict=True)
    ]


def _shape(wkb: bytes) -> MultiPolygon:
    return cast("MultiPolygon", from_wkb(wkb))
