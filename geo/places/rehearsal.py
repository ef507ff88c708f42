"""Playing a recorded track against a fence that is not published yet: which visits would it have given?

Pure, with the very engine that decides about real phones.
"""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shapely import MultiPolygon, get_num_coordinates

from base.errors import Invalid
from geo.engine.fences import whole_height
from geo.engine.transitions import LOOKUP_RADIUS_M, Fence, Fix, State, Transition, transitions

_DRAFT = UUID(int=0)
_METRES_A_DEGREE = 111_320.0
# Fixes times vertices that are worth seconds of a web process.
MAX_WORK = 20_000_000


@dataclass(frozen=True)
class Rehearsal:
    """What a track would have done: the events, and how many fixes the engine took at their word."""

    events: list[Transition]
    considered: int


def rehearse(
    polygon: MultiPolygon,
    fixes: Sequence[Fix],
    floors: tuple[int, int] | None = None,
    of_site: tuple[int, int] | None = None,
) -> Rehearsal:
    """Play the fixes, in the order of their times, against one fence, of some of its site's floors or of all.

    Raises `Invalid` (`rehearsal_too_large`) for more work than a request may ask for.
    """
    if int(get_num_coordinates(polygon)) * len(fixes) > MAX_WORK:
        detail = "This outline is too detailed for so long a track; send fewer fixes or a simpler outline."
        raise Invalid.at("/fixes", detail, code="rehearsal_too_large")
    low, high = floors or (None, None)
    fence = {_DRAFT: Fence(polygon, low, high, whole_height(low, high, *(of_site or (None, None))))}
    near = _Near(polygon)
    state, events, considered = State(), list[Transition](), 0
    for fix in sorted(fixes, key=lambda fix: fix.at):
        # As on the server: a fence counts when it is near, or when the device is in it.
        fences: Mapping[UUID, Fence] = fence if state.stays or near.covers(fix) else {}
        before = state
        state, decided = transitions(state, fix, fences)
        considered += state.last is not before.last
        events += decided
    return Rehearsal(events, considered)


def rehearse_packed(
    polygon: MultiPolygon,
    fixes: bytes,
    floors: tuple[int, int] | None = None,
    of_site: tuple[int, int] | None = None,
) -> Rehearsal:
    """As `rehearse`, of fixes that were packed by `pickle`."""
    return rehearse(polygon, pickle.loads(fixes), floors, of_site)  # noqa: S301 - packed by our own


class _Near:
    """The box within which a fix is looked at."""

    def __init__(self, polygon: MultiPolygon) -> None:
        self._west, self._south, self._east, self._north = polygon.bounds
        self._lat = LOOKUP_RADIUS_M / _METRES_A_DEGREE

    def covers(self, fix: Fix) -> bool:
        """Whether the fix is within the lookup radius of the polygon's box, or a little more."""
        # A degree of longitude is at most a hundred times shorter than on the equator, as in `fences_near`.
        lon = self._lat * 100 if abs(fix.lat) > 60 else self._lat * 2
        return (
            self._south - self._lat <= fix.lat <= self._north + self._lat
            and self._west - lon <= fix.lon <= self._east + lon
        )
