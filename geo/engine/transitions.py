"""Deciding who is in and who is out from what phones report: `transitions(state, fix, fences) → state, events`.

A pure function: no clock, no database, so that a recording can be played against it (`geo.replay`) and the same
fixes always give the same visits. The state is small, per device, and stored together with what was decided.

Phones lie. They report accuracies of kilometres, jump to another city for one fix, deliver late, twice, out of
order, or stamped 1970. Asking only whether the point is in the polygon flaps hundreds of times on a day's recording.
What is done instead follows from four observations.

1. Being in is a state, not a position. Electronics has known since Schmitt's trigger (1938) that a noisy signal
   needs two thresholds: one to switch on, a farther one to switch off. Here they are distances. A point inside lets
   someone in; only a point beyond `LEAVE_MARGIN_M` and beyond its own accuracy speaks for having left, and only if
   for `HOLD_S` no fix contradicts it. Between the two, what was goes on, but not for ever; `geo.engine.leaving`
   tells the rest. In its first `DWELL_S` a stay is not questioned: phones cannot tell shorter visits from noise.
   Nor is it afterwards by what was seen then, or a visit would turn out to have been shorter.

2. A fix is a disc, not a point. `accuracy` is the radius in which the phone is with a probability of 68 % (so
   Android's documentation; iOS gives a radius without a promise, commonly 65 m for Wi-Fi, and other makers' numbers
   mean other things). So what is usable is measured by what the device usually gives: `USUAL_SHARE` of the running
   median of its accuracies, but at least `USABLE_ACCURACY_M` and at most `MOST_USABLE_M`. An accuracy of 0, or none,
   is no measurement: what the device usually gives is assumed. A larger disc never lets anyone in or out, but if it
   still touches the place, it contradicts a leaving. A disc much larger than the place is no proof by itself, nor is
   one whose middle lies just beside it; but those who *stay* there are in: both count after `DWELL_S`. Staying is what
   makes a position a visit, as in the stay points of Ashbrook and Starner (2003) and Zheng (2010), and what Android's
   geofences call loitering. "Just beside" is within the disc's radius, within half of the place's own size, and in no
   other place: else a corridor would be in all its rooms.

3. Passing is not visiting. Who crosses a place so fast that the crossing takes less than `HOLD_S` enters only on
   slowing down.

4. Nobody is in two separate places at once. Someone who walks next door stays within the margin for long, and the
   leaving, when it is believed at last, is dated to when the other place began to have more fixes than this one: to
   the first of them there, where none was in this place since. A fix beside the other place, and farther from this
   one, counts for it as one inside does: a bus stop is a few metres across, and a phone that stands still is silent.
   Otherwise it is dated to the first fix that spoke for it. Entering is dated to the first fix inside (or beside).

A fix no newer than the newest that was taken has been overtaken: it changes nothing, so the past never changes. One
that would have taken more than the speed of an express train to reach is held back until another agrees with it.

Doubt: positions that the phone calls made up, and those of the first `DWELL_S` after an impossible jump. They let
in and out like others, but what they decide is marked `doubtful`, they do not end what is beyond doubt, and after
`DOUBT_S` of nothing else a stay is in doubt as a whole. When a fix beyond doubt shows someone in, whom a doubtful one
had let in, the entering is told again, without the mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from geo.engine.fences import Fence, Fix
from geo.engine.leaving import departures, pending
from geo.engine.sights import (
    BESIDE_SHARE,
    COARSE,
    DOUBT_S,
    DWELL_S,
    HOLD_S,
    LEAVE_MARGIN_M,
    MOST_RETURNS,
    RETURN_S,
    USABLE_ACCURACY_M,
    Sight,
    Step,
    impossible,
    sight_of,
    step_to,
    usable,
    usual_after,
)
from geo.engine.state import Left, Near, State, Stay, forget, silent_since

__all__ = [
    "LOOKUP_RADIUS_M",
    "Fence",
    "Fix",
    "Near",
    "State",
    "Stay",
    "Transition",
    "forget",
    "settle",
    "silent_since",
    "transitions",
]

LOOKUP_RADIUS_M = 150.0


@dataclass(frozen=True)
class Transition:
    """A place entered or left at a time (unix seconds); doubtful when the position may be made up.

    An entering of a place in which the device already is says that its credit has changed: fixes beyond doubt have
    confirmed a stay that doubtful ones, or something else than fixes, had begun; or there have been none for long.
    A leaving may be dated before such a change: what speaks for it can be older.
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
    if not fix.sane or (state.last is not None and fix.at <= state.last.at):
        return state, []
    if fix.uncertainty > USABLE_ACCURACY_M and state.heard_at is not None and fix.at <= state.heard_at:
        return state, []
    state = _heard(state, fix)
    fix = replace(fix, assumed=max(fix.assumed, state.usual or 0.0))
    if fix.uncertainty > usable(state.usual):
        return _contradicted(state, fix, fences), []
    jumped_at = state.jumped_at
    if impossible(state.last, fix):
        # A repeat of the fix that is held back is no second witness.
        if state.held is None or fix.at == state.held.at or impossible(state.held, fix):
            return replace(state, held=fix), []
        jumped_at = fix.at
    step = step_to(state.last, fix, jumped_at)
    return _taken(replace(state, last=fix, held=None, jumped_at=jumped_at), step, fences)


def _heard(state: State, fix: Fix) -> State:
    """The state with what the device usually gives; each fix counts once, in the order of time."""
    if state.heard_at is not None and fix.at <= state.heard_at:
        return state
    return replace(state, heard_at=fix.at, usual=usual_after(state.usual, fix))


def settle(state: State) -> tuple[State, list[Transition]]:
    """The phone has fallen silent: believe the leavings that the last fixes spoke for and no later one can confirm."""
    gone = {place: began for place, stay in state.stays.items() if (began := pending(stay)) is not None}
    events = [Transition(place, False, at) for place, at in gone.items()]
    return forget(state, gone), events


def _taken(state: State, step: Step, fences: Mapping[UUID, Fence]) -> tuple[State, list[Transition]]:
    """What a fix that counts decides; `state` is the one before it, but for the fix itself."""
    sights = {place: sight_of(fence, step.fix, place in state.stays) for place, fence in fences.items()}
    near, stays, events = _arrivals(state, step, fences, sights)
    stays, ended = departures(stays, step, sights)
    events += [Transition(place, False, at, step.doubtful) for place, (at, _) in ended.items()]
    if step.doubtful:
        stays, doubted = _doubted(stays, step, state.sound_at)
        events += doubted
    lately = {place: left for place, left in state.left.items() if step.fix.at - left.at < RETURN_S}
    lately |= {place: Left(at, returns) for place, (at, returns) in ended.items()}
    sound_at = state.sound_at if step.doubtful else step.fix.at
    return replace(state, stays=stays, near=near, left=lately, sound_at=sound_at), events


def _contradicted(state: State, fix: Fix, fences: Mapping[UUID, Fence]) -> State:
    """The state after a fix too poor to decide: where it may well be inside, it contradicts a leaving."""
    if fix.uncertainty > COARSE * usable(state.usual):
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
        if stay is not None and (step.doubtful or not (stay.doubtful or stay.assumed)):
            continue
        arriving = _approach(state.near.get(place_id), step, fence, sight)
        if arriving is None:
            continue
        since = _arrived(arriving, step, fence, sight, placed)
        if since is None:
            near[place_id] = arriving
            continue
        # A confirmed stay keeps its beginning, and nothing that doubtful fixes said against it.
        floor_at = None if step.fix.floor is None else step.fix.at
        stays[place_id] = Stay(
            since if stay is None else stay.since,
            doubtful=step.doubtful,
            floor_at=floor_at,
            returns=_returns(state.left.get(place_id), since),
        )
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


def _returns(left: Left | None, at: float) -> int:
    """How often in a row the device has come back to a place soon after leaving it."""
    return min(left.returns + 1, MOST_RETURNS) if left is not None and at - left.at < RETURN_S else 0


def _doubted(
    stays: Mapping[UUID, Stay], step: Step, sound_at: float | None
) -> tuple[dict[UUID, Stay], list[Transition]]:
    """Stays that nothing but fixes in doubt have vouched for, for long, are in doubt themselves."""
    if sound_at is None or step.fix.at - sound_at < DOUBT_S:
        return dict(stays), []
    events = [
        Transition(place, True, step.fix.at, True) for place, stay in stays.items() if not stay.doubtful
    ]
    return {place: replace(stay, doubtful=True) for place, stay in stays.items()}, events
