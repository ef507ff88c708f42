"""A place of 177 by 223 m, a room, and one phone that walks around them."""

from collections.abc import Iterable
from uuid import UUID

from shapely import MultiPolygon, box

from geo.engine.transitions import Fence, Fix, State, Transition, transitions

Fences = dict[UUID, Fence]

PLACE, NEXT_DOOR = UUID(int=1), UUID(int=2)
HALF = 0.001
FENCE = Fence(MultiPolygon([box(127 - HALF, 37.5 - HALF, 127 + HALF, 37.5 + HALF)]))
FENCES: Fences = {PLACE: FENCE}
# 88 m a thousandth of a degree: outside by 883, 18, 79 and 97 m.
INSIDE, OUTSIDE, NEAR, AWAY = (127.0, 37.5), (127.01, 37.5), (127.0012, 37.5), (127.0019, 37.5)
ROOM: Fences = {PLACE: Fence(MultiPolygon([box(127, 37.5, 127.0001, 37.5001)]))}
IN_ROOM, BESIDE_ROOM, DOWN_THE_HALL = (127.00005, 37.50005), (127.00013, 37.50005), (127.0003, 37.50005)
IN, OUT = True, False


def at(second: float, where: tuple[float, float], accuracy: float | None = 8, speed: float | None = 0) -> Fix:
    """A fix."""
    return Fix(second, *where, accuracy, speed)


def play(*fixes: Fix, fences: Fences = FENCES) -> list[Transition]:
    """What is decided of a walk from its beginning."""
    return play_on(State(), fixes, fences)[1]


def play_on(state: State, fixes: Iterable[Fix], fences: Fences) -> tuple[State, list[Transition]]:
    """What is decided from a state on, and the state after it; between two fixes it is stored and read again."""
    events: list[Transition] = []
    for fix in fixes:
        state, decided = transitions(State.from_json(state.to_json()), fix, fences)
        events += decided
    return state, events


def told(*fixes: Fix, fences: Fences = FENCES) -> list[tuple[bool, float]]:
    """The same, as (whether in, when)."""
    return [(event.entered, event.at) for event in play(*fixes, fences=fences)]
