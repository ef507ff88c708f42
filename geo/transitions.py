"""Deciding who is in and who is out from what phones report: `transitions(state, fix, fences) → state, events`.

A pure function: no clock, no database, so that a recording can be played against it (`geo.replay`) and the same
fixes always give the same visits. The state is small, per device, and stored together with what was decided.

Phones lie. They report accuracies of kilometres, jump to another city for one fix, deliver late, twice, out of
order, or stamped 1970. Asking only whether the point is in the polygon flaps hundreds of times on a day's recording.
What is done instead follows from four observations.

1. Being in is a state, not a position. Electronics has known since Schmitt's trigger (1938) that a noisy signal
   needs two thresholds: one to switch on, a farther one to switch off. Here they are distances. A point inside lets
   someone in; only a point beyond `LEAVE_MARGIN_M` and beyond its own accuracy speaks for having left, and only if
   for `HOLD_S` no fix contradicts it. Between the two, what was goes on. Thrice as far away two fixes are enough, or
   one if the way to it was no faster than a car's in town; and so is one after a long silence, which leaves nothing
   to contradict it. In its first `DWELL_S` a stay is not questioned: phones cannot tell shorter visits from noise.

2. A fix is a disc, not a point. `accuracy` is the radius in which the phone is with a probability of 68 % (so
   Android's documentation; iOS gives a radius without a promise, commonly 65 m for Wi-Fi). A disc of more
   than `USABLE_ACCURACY_M` cannot tell houses apart: it never lets anyone in or out, but if it still touches
   the place, it contradicts a leaving. A disc much larger than the place is no proof by itself, nor is one
   whose middle lies just beside it; but those who *stay* there are in: both count after `DWELL_S`. Staying is
   what makes a position a visit, as in the stay points of Ashbrook and Starner (2003) and Zheng (2010), and
   what Android's geofences call loitering. "Just beside" is within the disc's radius, within half of the
   place's own size, and in no other place: else a corridor would be in all its rooms.

3. Passing is not visiting. Who crosses a place so fast that the crossing takes less than `HOLD_S` enters only on
   slowing down.

4. Nobody is in two separate places at once. Someone who walks next door stays within the margin for long, and the
   leaving, when it is believed at last, is dated to when the other place began to have more fixes than this one.
   Otherwise it is dated to the first fix that spoke for it. Entering is dated to the first fix inside (or beside).

A fix no newer than the newest that was taken has been overtaken: it changes nothing, so the past never changes. One
that would have taken more than the speed of an express train to reach is held back until another agrees with it.

Doubt: positions that the phone calls made up, and those of the first `DWELL_S` after an impossible jump. They
decide like others, but what they decide is marked `doubtful`, and when a fix beyond doubt shows someone in, whom a
doubtful one had let in, the entering is told again, without the mark.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from geo.fences import Fence, Fix
from geo.sights import (
    BESIDE_SHARE,
    COARSE,
    DWELL_S,
    HOLD_S,
    LEAVE_MARGIN_M,
    MOST_ELSEWHERE,
    SURELY,
    USABLE_ACCURACY_M,
    Sight,
    Step,
    impossible,
    sight_of,
    step_to,
)
from geo.state import Near, State, Stay, forget, silent_since

__all__ = [
    "LOOKUP_RADIUS_M",
    "Fence",
    "Fix",
    "Near",
    "State",
    "Stay",
    "Transition",
    "forget",
    "silent_since",
    "transitions",
]

LOOKUP_RADIUS_M = 150.0


@dataclass(frozen=True)
class Transition:
    """A place entered or left at a time (unix seconds); doubtful when the position may be made up.

    An entering of a place in which the device already is by doubtful fixes confirms that it really is there.
    """

    place_id: UUID
    entered: bool
    at: float
    doubtful: bool = False


def transitions(state: State, fix: Fix, fences: Mapping[UUID, Fence]) -> tuple[State, list[Transition]]:
    """Take one fix; returns the state after it and what it decided. Never raises, whatever the fix's numbers.

    `fences` are those within `LOOKUP_RADIUS_M` of it and those of the state's stays. A stay in a place that is not
    among them (archived meanwhile) is dropped with a leaving at the fix's time.
    """
    if state.last is not None and fix.at <= state.last.at:
        return state, []
    if fix.uncertainty > USABLE_ACCURACY_M:
        return _contradicted(state, fix, fences), []
    jumped_at = state.jumped_at
    if impossible(state.last, fix):
        # A repeat of the fix that is held back is no second witness.
        if state.held is None or fix.at == state.held.at or impossible(state.held, fix):
            return replace(state, held=fix), []
        jumped_at = fix.at
    step = step_to(state.last, fix, jumped_at)
    sights = {place_id: sight_of(fence, fix, place_id in state.stays) for place_id, fence in fences.items()}
    near, stays, entered = _arrivals(state, step, fences, sights)
    stays, left = _departures(stays, step, sights)
    return State(fix, None, stays, near, jumped_at), entered + left


def _contradicted(state: State, fix: Fix, fences: Mapping[UUID, Fence]) -> State:
    """The state after a fix too poor to decide: where it may well be inside, it contradicts a leaving."""
    if fix.uncertainty > COARSE * USABLE_ACCURACY_M:
        return state
    stays = dict(state.stays)
    for place_id, stay in state.stays.items():
        fence = fences.get(place_id)
        if stay.far_since is None or fence is None or not fence.allows_floor(fix.floor):
            continue
        if fence.distance(fix) <= fix.uncertainty:
            stays[place_id] = replace(stay, far_since=None)
    return replace(state, stays=stays)


def _arrivals(
    state: State, step: Step, fences: Mapping[UUID, Fence], sights: Mapping[UUID, Sight]
) -> tuple[dict[UUID, Near], dict[UUID, Stay], list[Transition]]:
    """Where it is arriving, the stays with those that began or were confirmed, and what to tell of these."""
    near: dict[UUID, Near] = {}
    stays = dict(state.stays)
    events: list[Transition] = []
    placed = any(sight.inside for sight in sights.values())
    for place_id, fence in fences.items():
        stay, sight = stays.get(place_id), sights[place_id]
        if stay is not None and (step.doubtful or not stay.doubtful):
            continue
        arriving = _approach(state.near.get(place_id), step, fence, sight)
        if arriving is None:
            continue
        since = _arrived(arriving, step, fence, sight, placed)
        if since is None:
            near[place_id] = arriving
            continue
        # A confirmed stay keeps its beginning, and nothing that doubtful fixes said against it.
        stays[place_id] = Stay(since if stay is None else stay.since, doubtful=step.doubtful)
        events.append(Transition(place_id, True, since, step.doubtful))
    return near, stays, events


def _approach(before: Near | None, step: Step, fence: Fence, sight: Sight) -> Near | None:
    """The run of fixes in or just beside a place, with this one; None when it is neither."""
    beside = min(step.fix.uncertainty, BESIDE_SHARE * fence.room, LEAVE_MARGIN_M)
    if not sight.floor_allowed or sight.metres > beside:
        return None
    if before is None or step.silent or before.doubtful != step.doubtful:
        before = Near(step.fix.at, None, step.doubtful)
    if sight.inside and before.inside_since is None:
        return replace(before, inside_since=step.fix.at)
    return before


def _arrived(near: Near, step: Step, fence: Fence, sight: Sight, placed: bool) -> float | None:
    """Since when the device is in, or None while that cannot be said. `placed` is whether it is in any place."""
    dwelt = step.fix.at - near.since >= DWELL_S
    if not sight.inside or near.inside_since is None:
        return near.since if dwelt and not placed else None
    if step.fix.uncertainty > COARSE * fence.room:
        return near.inside_since if dwelt else None
    passing = step.speed * HOLD_S > fence.room
    return None if passing and step.fix.at - near.inside_since < HOLD_S else near.inside_since


def _departures(
    before: Mapping[UUID, Stay], step: Step, sights: Mapping[UUID, Sight]
) -> tuple[dict[UUID, Stay], list[Transition]]:
    """The stays that go on, and the leavings of the others."""
    latest = max((stay.since for place, stay in before.items() if _shows(sights, place)), default=-math.inf)
    stays: dict[UUID, Stay] = {}
    events: list[Transition] = []
    for place_id, stay in before.items():
        sight = sights.get(place_id)
        if sight is None:
            at = step.fix.at if stay.far_since is None else stay.far_since
            events.append(Transition(place_id, False, at, step.doubtful))
            continue
        # Only a place entered later is another place: what was entered before may well contain this one.
        after = _stayed(stay, step, sight, not step.doubtful and latest > stay.since)
        left_at = _left_at(after, step, sight)
        if left_at is None:
            stays[place_id] = after
        else:
            events.append(Transition(place_id, False, left_at, step.doubtful))
    return stays, events


def _shows(sights: Mapping[UUID, Sight], place_id: UUID) -> bool:
    return place_id in sights and sights[place_id].inside


def _stayed(stay: Stay, step: Step, sight: Sight, elsewhere: bool) -> Stay:
    """The stay with what a fix says for and against it."""
    at = step.fix.at
    if sight.inside:
        ahead = max(stay.elsewhere - 1, 0)
        return replace(
            stay, far_since=None, elsewhere=ahead, elsewhere_since=stay.elsewhere_since if ahead else None
        )
    if elsewhere:
        since = at if stay.elsewhere_since is None else stay.elsewhere_since
        ahead = min(stay.elsewhere + 1, MOST_ELSEWHERE)
        stay = replace(stay, elsewhere=ahead, elsewhere_since=since)
    if sight.far(step.fix):
        early = at - stay.since < DWELL_S
        return stay if early or stay.far_since is not None else replace(stay, far_since=at)
    return replace(stay, far_since=None) if sight.floor_allowed else stay


def _left_at(stay: Stay, step: Step, sight: Sight) -> float | None:
    """When it left, if this fix settles that it did."""
    if stay.far_since is None or not sight.far(step.fix):
        return None
    held = step.fix.at - stay.far_since
    surely = not sight.other_floor and sight.metres > SURELY * max(LEAVE_MARGIN_M, step.fix.uncertainty)
    if held >= HOLD_S or step.silent or (surely and (held > 0 or step.ordinary)):
        return stay.far_since if stay.elsewhere_since is None else stay.elsewhere_since
    return None
