"""Leaving: what speaks for a device having left the places that it is in, and when that is believed.

Of the second part of the geofence engine; `geo.engine.transitions` tells the method. A leaving is believed

    when fixes are far, beyond margin and accuracy, and stay so for the hold, or are surely far, or follow a silence;
    when for `ELSEWHERE_S` another place has had more of the fixes: next door may well lie within the margin;
    when for `OUTSIDE_S` on end no fix touched the place, however near it was;
    when for `FLOOR_S` no fix has named a floor of a place of one floor.

Who came back soon after leaving is believed more slowly each time: at a door where GPS swings to and fro the hold
doubles, as a switch is debounced.

A position that a phone without a speed only repeats is one witness, not many: it has looked up the same access point
again. It does not make the hold; another position does, or time.
"""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from geo.engine.sights import (
    DWELL_S,
    ELSEWHERE_S,
    FLOOR_S,
    HOLD_S,
    LEAVE_MARGIN_M,
    MOST_ELSEWHERE,
    OUTSIDE_S,
    SURELY,
    Sight,
    Step,
)
from geo.engine.state import Stay


def departures(
    before: Mapping[UUID, Stay], step: Step, sights: Mapping[UUID, Sight]
) -> tuple[dict[UUID, Stay], dict[UUID, tuple[float, int]]]:
    """The stays that go on, and of the others when they ended and how often in a row the device had come back."""
    held = [(stay.since, sights[place]) for place, stay in before.items() if place in sights]
    stays: dict[UUID, Stay] = {}
    ended: dict[UUID, tuple[float, int]] = {}
    for place, stay in before.items():
        sight = sights.get(place)
        if sight is None:  # archived
            ended[place] = (step.fix.at if stay.far_since is None else stay.far_since, stay.returns)
            continue
        # Only a place entered later is another place: what was entered before may well contain this one.
        elsewhere = [since for since, other in held if since > stay.since and _shows(other, sight, step)]
        after = _stayed(stay, step, sight, None if step.doubtful else min(elsewhere, default=None))
        left_at = _left_at(after, step, sight)
        if left_at is None:
            stays[place] = after
        else:
            ended[place] = (left_at, stay.returns)
    return stays, ended


def pending(stay: Stay) -> float | None:
    """When the device left, if the last that was heard of it spoke for that; else None."""
    began = stay.outside_since if stay.far_since is None else stay.far_since
    return None if began is None else max(began, stay.since + DWELL_S)


def _shows(other: Sight, sight: Sight, step: Step) -> bool:
    """Whether a fix shows the device in the other place instead: in it, or as good as, and farther from this one."""
    return other.inside or (
        other.floor_allowed and not other.outside(step.fix) and other.metres < sight.metres
    )


def _stayed(stay: Stay, step: Step, sight: Sight, elsewhere: float | None) -> Stay:
    """The stay with what a fix says for and against it; `elsewhere` is since when it is in another place instead."""
    at = step.fix.at
    if step.fix.floor is not None and sight.floor_allowed:
        stay = replace(stay, floor_at=at)
    if sight.inside:
        ahead = max(stay.elsewhere - 1, 0)
        since = stay.elsewhere_since if ahead else None
        seen = replace(stay, far_since=None, outside_since=None, inside_at=at)
        return replace(seen, elsewhere=ahead, elsewhere_since=since)
    early = at - stay.since <= DWELL_S
    if elsewhere is not None and not early:
        stay = _elsewhere(stay, at, elsewhere)
    if not sight.outside(step.fix):
        return replace(stay, far_since=None, outside_since=None) if sight.floor_allowed else stay
    # A phone that repeats a position which was no leaving before stands still: it is the place that has moved.
    redrawn = step.repeated and stay.outside_since is None
    if _begins_outside(stay, step, early):
        stay = replace(stay, outside_since=at)
    if not sight.far(step.fix):
        return replace(stay, far_since=None) if sight.floor_allowed else stay
    if stay.far_since is not None:
        return replace(stay, far_again=stay.far_again or sight.other_floor or not step.repeated)
    return stay if early else replace(stay, far_since=at, far_again=redrawn)


def _begins_outside(stay: Stay, step: Step, early: bool) -> bool:
    """Whether the fix is the first outside. A silence between two says nothing of where the device was meanwhile.

    What was seen in the first minute counts only if nothing follows: the leaving would be dated into it.
    """
    if stay.outside_since is None or step.silent:
        return True
    return not early and stay.outside_since - stay.since <= DWELL_S


def _elsewhere(stay: Stay, at: float, since: float) -> Stay:
    """The stay after another fix in a place that was come to at `since`: from then on, if none was in this one."""
    if stay.elsewhere_since is None:
        sure = stay.inside_at is not None and stay.inside_at < since and since - stay.since > DWELL_S
        stay = replace(stay, elsewhere_since=since if sure else at)
    return replace(stay, elsewhere=min(stay.elsewhere + 1, MOST_ELSEWHERE))


def _left_at(stay: Stay, step: Step, sight: Sight) -> float | None:
    """When it left, if this fix settles that it did. What may be made up does not end what is sound."""
    if step.fix.at - stay.since <= DWELL_S or (step.doubtful and not stay.doubtful):
        return None
    began = _off_floor(stay, step, sight) or _away(stay, step, sight)
    if began is None or stay.elsewhere_since is None:
        return began
    return stay.elsewhere_since


def _off_floor(stay: Stay, step: Step, sight: Sight) -> float | None:
    named = stay.floor_at
    return None if named is None or sight.floor_allowed or step.fix.at - named <= FLOOR_S else named


def _away(stay: Stay, step: Step, sight: Sight) -> float | None:
    at = step.fix.at
    if sight.inside:
        return None
    if stay.elsewhere == MOST_ELSEWHERE and at - (stay.elsewhere_since or at) >= ELSEWHERE_S:
        return stay.elsewhere_since
    if stay.outside_since is not None and at - stay.outside_since >= OUTSIDE_S:
        return stay.outside_since
    if stay.far_since is None or not sight.far(step.fix):
        return None
    held = at - stay.far_since
    surely = not sight.other_floor and sight.metres > SURELY * max(LEAVE_MARGIN_M, step.fix.uncertainty)
    at_once = surely and not stay.returns and not step.repeated and (held > 0 or step.ordinary)
    hold = stay.far_again and held >= HOLD_S * 2**stay.returns
    return stay.far_since if step.silent or at_once or hold else None
