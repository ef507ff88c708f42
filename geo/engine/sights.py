"""What one fix says: how it was come by, and where it is seen from a place.

The distances, times and speeds by which the geofence engine decides stand here; `geo.engine.transitions` tells why.
"""

from dataclasses import dataclass

from geo.engine.fences import Fence, Fix, metres_between

USABLE_ACCURACY_M = 80.0
MOST_USABLE_M = 200.0
USUAL_SHARE = 1.25
USUAL_STEP_M = 1.0
LEAVE_MARGIN_M = 50.0
HOLD_S = 30.0
DWELL_S = 60.0
SILENCE_S = 600.0
ELSEWHERE_S = 600.0
OUTSIDE_S = 900.0
FLOOR_S = 1_800.0
RETURN_S = 600.0
MOST_RETURNS = 3
DOUBT_S = 1_800.0
TRAIN_MPS = 70.0
CAR_MPS = 15.0
# Surely away is so many times the margin; coarse is an accuracy of so many times the place's size. One of so many
# times the usable is not even good for contradicting.
SURELY = 3.0
COARSE = 3.0
BESIDE_SHARE = 0.5
# Fixes by which another place can at most be ahead: a person who comes back is believed after as many.
MOST_ELSEWHERE = 3


@dataclass(frozen=True)
class Step:
    """A fix that counts, and how it was come by: the speed (m/s), after a silence, by an ordinary way, in doubt.

    `repeated` is the position of the fix before once more, by a phone that measures no speed: what it has looked up
    (a cell, an access point) is as right or as wrong as before, and no second witness.
    """

    fix: Fix
    speed: float
    silent: bool
    ordinary: bool
    doubtful: bool
    repeated: bool = False


@dataclass(frozen=True)
class Sight:
    """Where a fix is, seen from a place: metres outside, and whether its floor may or cannot be one of the place's."""

    metres: float
    floor_allowed: bool
    other_floor: bool

    @property
    def inside(self) -> bool:
        """Whether the fix may put someone into the place."""
        return self.metres == 0 and self.floor_allowed

    def far(self, fix: Fix) -> bool:
        """Whether the fix speaks for having left."""
        return self.other_floor or self.metres > max(LEAVE_MARGIN_M, fix.uncertainty)

    def outside(self, fix: Fix) -> bool:
        """Whether the fix is outside even if it is as wrong as it may be."""
        return self.other_floor or self.metres > fix.uncertainty


def sight_of(fence: Fence, fix: Fix, staying: bool) -> Sight:
    """Where a fix is, seen from a place.

    For arriving at it, what is farther than the margin is simply far, which spares most of the measuring.
    """
    metres = fence.distance(fix) if staying else fence.distance(fix, LEAVE_MARGIN_M)
    allowed = fence.allows_floor(fix.floor)
    return Sight(metres, allowed, fix.floor is not None and not allowed)


def step_to(last: Fix | None, fix: Fix, jumped_at: float | None) -> Step:
    """A fix that counts, after the last that did. `jumped_at` is when an impossible jump was last believed."""
    doubtful = fix.mock or (jumped_at is not None and fix.at - jumped_at < DWELL_S)
    measured = fix.speed if fix.speed is not None and fix.speed >= 0 else None
    if last is None:
        return Step(fix, measured or 0.0, False, False, doubtful)
    seconds, metres = max(fix.at - last.at, 1.0), metres_between(last, fix)
    # Phones without a speed of their own (iOS says -1) moved at least as fast as the fixes cannot explain.
    moved = max(metres - last.uncertainty - fix.uncertainty, 0.0) / seconds
    silent = fix.at - last.at > SILENCE_S
    speed, ordinary = moved if measured is None else measured, metres / seconds < CAR_MPS
    return Step(fix, speed, silent, ordinary, doubtful, measured is None and metres == 0)


def impossible(last: Fix | None, fix: Fix) -> bool:
    """Whether getting from one fix to the other takes more than the speed of an express train."""
    if last is None:
        return False
    metres = metres_between(last, fix) - last.uncertainty - fix.uncertainty
    return metres > TRAIN_MPS * max(abs(fix.at - last.at), 1.0)


def usual_after(usual: float | None, fix: Fix) -> float | None:
    """The accuracy that the device usually gives, after another fix: a running median, by steps of a metre.

    What no engine could use does not count, or a phone in a tunnel would teach that kilometres are usual.
    """
    if fix.accuracy is None or not 0 < fix.accuracy <= 2 * MOST_USABLE_M:
        return usual
    if usual is None:
        return min(fix.accuracy, USABLE_ACCURACY_M / USUAL_SHARE)
    return usual + (USUAL_STEP_M if fix.accuracy > usual else -USUAL_STEP_M if fix.accuracy < usual else 0.0)


def usable(usual: float | None) -> float:
    """How inaccurate a fix of the device may be, in metres, to decide anything."""
    return min(max(USABLE_ACCURACY_M, USUAL_SHARE * (usual or 0.0)), MOST_USABLE_M)
