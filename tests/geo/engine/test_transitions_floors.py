"""Floors: the same footprint recurs on each, so that a point alone cannot tell a room."""

from uuid import UUID

import pytest

from geo.engine.fences import whole_height
from geo.engine.transitions import Fence, Fix, State, transitions
from tests.geo.engine.fences import FENCE, INSIDE, PLACE, told


def storeys(low: int | None, high: int | None, of_site: tuple[int, int] = (-1, 4)) -> dict[UUID, Fence]:
    return {PLACE: Fence(FENCE.polygon, low, high, whole_height(low, high, *of_site))}


def on(second: float, floor: int | None) -> Fix:
    return Fix(second, *INSIDE, 8, 0, floor)


@pytest.mark.parametrize(
    ("low", "high", "floor", "enters"),
    [
        (3, 3, None, False),
        (3, 3, 2, False),
        (3, 3, 3, True),
        (-1, 3, None, False),
        (-1, 4, None, True),
        (-1, 3, -1, True),
        (-1, 3, 4, False),
        (None, None, None, True),
        (None, None, 9, True),
        (0, 0, 0, True),
    ],
)
def test_who_a_floor_lets_in(low: int | None, high: int | None, floor: int | None, enters: bool) -> None:
    assert bool(told(on(0, floor), fences=storeys(low, high))) is enters


def test_staying_on_another_floor_or_none_is_never_being_beside() -> None:
    for floor in (2, None):
        assert told(*[on(second, floor) for second in range(0, 300, 20)], fences=storeys(3, 3)) == []


def test_another_floor_is_outside_and_is_held_like_any_leaving() -> None:
    fixes = [on(0, 3), on(100, 4), on(120, 4)]
    assert told(*fixes, fences=storeys(3, 3)) == [(True, 0)]
    assert told(*fixes, on(130, 4), fences=storeys(3, 3)) == [(True, 0), (False, 100)]
    assert told(*fixes, on(125, 3), on(131, 4), fences=storeys(3, 3)) == [(True, 0)]


def test_a_fix_without_a_floor_neither_ends_nor_saves_the_stay_in_a_room() -> None:
    rooms = storeys(3, 3)
    assert told(on(0, 3), *[on(second, None) for second in range(60, 900, 30)], fences=rooms) == [(True, 0)]
    assert told(on(0, 3), on(100, 4), on(110, None), on(131, 4), fences=rooms) == [(True, 0), (False, 100)]


def test_a_poor_fix_on_another_floor_contradicts_no_leaving() -> None:
    state = State()
    decided = []
    for fix in (on(0, 3), on(100, 4), Fix(120, *INSIDE, 120, 0, 5), on(131, 4)):
        state, events = transitions(state, fix, storeys(3, 3))
        decided += events
    assert [event.entered for event in decided] == [True, False]
