"""Deciding who is in and who is out from what phones report: `transitions(state, fix, fences) → state, events`.

A pure function: no clock, no database, so that a recording can be played against it and the same fixes always give
the same visits. The state is small, per device, and stored together with what was decided.

Phones lie. They report accuracies of kilometres, jump to another city for one fix, deliver late, twice, out of
order, or stamped 1970. "The point is in the polygon" flaps hundreds of times a day on real recordings. So:

  which fixes count   A fix worse than 70 m says nothing about a building. One that is older than the newest fix
                      taken, or equal to it, was overtaken. A jump faster than 70 m/s (an express train) is held back
                      until a second fix agrees with it; then the person really is there.
  entering            The point must be inside, and for a place smaller than the fix's own uncertainty the
                      uncertainty must not be larger than the place: else being next door would count.
  leaving             Spatial hysteresis (the Schmitt trigger of electronics, in space): only a point farther out
                      than max(40 m, accuracy) speaks for leaving, and only when no fix contradicts it for 30 s.
                      A visit ends when the first such fix was taken, not when it was believed. After a gap of
                      silence (10 minutes) one far fix is enough: there is nothing left to contradict it.

Distances are planar in a local equirectangular frame around the fix, which is exact to a few parts in ten thousand
within a kilometre: far below what a phone can tell.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from shapely import MultiPolygon, Point
from shapely.affinity import affine_transform
from shapely.prepared import PreparedGeometry, prep

USABLE_ACCURACY_M = 70.0
LEAVE_MARGIN_M = 40.0
LEAVE_HOLD_S = 30.0
SILENCE_S = 600.0
MAX_SPEED_MPS = 70.0
ASSUMED_ACCURACY_M = 30.0
LOOKUP_RADIUS_M = 150.0
_METRES_A_DEGREE = 111_320.0


@dataclass(frozen=True)
class Fix:
    """One position report. `at` in unix seconds, metres, metres a second, degrees."""

    at: float
    lon: float
    lat: float
    accuracy: float | None = None
    speed: float | None = None
    floor: int | None = None
    mock: bool = False

    @property
    def uncertainty(self) -> float:
        """The accuracy in metres, or a guess where the phone gives none."""
        return ASSUMED_ACCURACY_M if self.accuracy is None else self.accuracy


@dataclass(frozen=True)
class Fence:
    """A place's boundary, ready to be asked. A range of floors limits who can be in it."""

    polygon: MultiPolygon
    floor_low: int | None = None
    floor_high: int | None = None
    prepared: "PreparedGeometry[MultiPolygon]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the polygon for many questions."""
        object.__setattr__(self, "prepared", prep(self.polygon))

    def covers(self, fix: Fix) -> bool:
        """Whether the point is inside or on the edge."""
        return self.prepared.covers(Point(fix.lon, fix.lat))

    def distance(self, fix: Fix) -> float:
        """Metres from the point to the place; 0 inside."""
        return _local(self.polygon, fix).distance(Point(0, 0))

    def room(self, fix: Fix) -> float:
        """How many metres across the place is, as the side of a square of its area."""
        return math.sqrt(_local(self.polygon, fix).area)

    def allows_floor(self, floor: int | None) -> bool:
        """A place of one floor needs a fix that names it; a range may be entered without."""
        if self.floor_low is None or self.floor_high is None:
            return True
        if floor is None:
            return self.floor_high > self.floor_low
        return self.floor_low <= floor <= self.floor_high


@dataclass(frozen=True)
class Stay:
    """That the device is in a place; `outside_since` while its leaving is not yet believed."""

    since: float
    outside_since: float | None = None


@dataclass(frozen=True)
class State:
    """What is remembered of a device: the last fix taken, one that is held back, the places it is in."""

    last: Fix | None = None
    held: Fix | None = None
    stays: Mapping[UUID, Stay] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The form in which it is stored."""
        return {
            "last": _fix_json(self.last),
            "held": _fix_json(self.held),
            "stays": {str(place): [stay.since, stay.outside_since] for place, stay in self.stays.items()},
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "State":
        """What `to_json` stored."""
        stays = {UUID(place): Stay(*stay) for place, stay in stored.get("stays", {}).items()}
        return cls(_fix_from(stored.get("last")), _fix_from(stored.get("held")), stays)


@dataclass(frozen=True)
class Transition:
    """A place entered or left at a time; doubtful when the position may be made up."""

    place_id: UUID
    entered: bool
    at: float
    doubtful: bool = False


def transitions(state: State, fix: Fix, fences: Mapping[UUID, Fence]) -> tuple[State, list[Transition]]:
    """Take one fix. `fences` are those within `LOOKUP_RADIUS_M` of it and those of the state's stays.

    A stay in a place that is not among the fences (archived meanwhile) is dropped with a leaving at the fix's time.
    """
    if state.last is not None and fix.at <= state.last.at:
        return state, []
    if fix.uncertainty > USABLE_ACCURACY_M:
        return state, []
    if _implausible(state.last, fix) and (state.held is None or _implausible(state.held, fix)):
        return replace(state, held=fix), []
    silent = state.last is not None and fix.at - state.last.at > SILENCE_S
    stays, events = _leave(state.stays, fix, fences, silent)
    for place_id, fence in fences.items():
        if place_id not in stays and fence.allows_floor(fix.floor) and _arrived(fence, fix):
            stays[place_id] = Stay(fix.at)
            events.append(Transition(place_id, True, fix.at, fix.mock))
    return State(fix, None, stays), events


def assume(state: State, place_id: UUID, at: float) -> State:
    """The state after other evidence than a fix said that the device is in the place."""
    return state if place_id in state.stays else replace(state, stays={**state.stays, place_id: Stay(at)})


def forget(state: State, place_ids: Collection[UUID]) -> State:
    """The state without its stays in some places."""
    gone = set(place_ids)
    return replace(state, stays={place: stay for place, stay in state.stays.items() if place not in gone})


def _leave(
    before: Mapping[UUID, Stay], fix: Fix, fences: Mapping[UUID, Fence], silent: bool
) -> tuple[dict[UUID, Stay], list[Transition]]:
    stays: dict[UUID, Stay] = {}
    events: list[Transition] = []
    for place_id, stay in before.items():
        fence = fences.get(place_id)
        after = None if fence is None else _stayed(stay, fence, fix, silent)
        if after is not None:
            stays[place_id] = after
            continue
        left_at = fix.at if stay.outside_since is None else stay.outside_since
        events.append(Transition(place_id, False, left_at, fix.mock))
    return stays, events


def _stayed(stay: Stay, fence: Fence, fix: Fix, silent: bool) -> Stay | None:
    """The stay after a fix, or None when it is over."""
    outside = not fence.allows_floor(fix.floor) if fix.floor is not None else False
    if not outside and fence.covers(fix):
        return replace(stay, outside_since=None)
    if not outside and fence.distance(fix) <= max(LEAVE_MARGIN_M, fix.uncertainty):
        return stay
    since = fix.at if stay.outside_since is None else stay.outside_since
    if silent or fix.at - since >= LEAVE_HOLD_S:
        return None
    return replace(stay, outside_since=since)


def _arrived(fence: Fence, fix: Fix) -> bool:
    return fence.covers(fix) and fix.uncertainty <= max(fence.room(fix), LEAVE_MARGIN_M)


def _implausible(last: Fix | None, fix: Fix) -> bool:
    """Whether getting from one fix to the other takes more than the speed of an express train."""
    if last is None:
        return False
    metres = _metres(last, fix) - last.uncertainty - fix.uncertainty
    return metres > MAX_SPEED_MPS * max(abs(fix.at - last.at), 1.0)


def _metres(one: Fix, other: Fix) -> float:
    """The great-circle distance, by the haversine formula."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(other.lon - one.lon) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(h)))


def _local(polygon: MultiPolygon, fix: Fix) -> MultiPolygon:
    """The polygon in metres, with the fix at the origin."""
    x, y = _METRES_A_DEGREE * max(math.cos(math.radians(fix.lat)), 1e-6), _METRES_A_DEGREE
    return affine_transform(polygon, [x, 0, 0, y, -fix.lon * x, -fix.lat * y])


def _fix_json(fix: Fix | None) -> list[Any] | None:
    return None if fix is None else [fix.at, fix.lon, fix.lat, fix.accuracy, fix.speed, fix.floor, fix.mock]


def _fix_from(stored: list[Any] | None) -> Fix | None:
    return None if stored is None else Fix(*stored)
