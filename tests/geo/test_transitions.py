"""The geofence engine: a pure function, on made-up walks and on any fixes at all."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, box

from geo.transitions import Fence, Fix, State, Transition, transitions

PLACE = UUID(int=1)
HALF = 0.001
FENCES = {PLACE: Fence(MultiPolygon([box(127 - HALF, 37.5 - HALF, 127 + HALF, 37.5 + HALF)]))}
INSIDE, OUTSIDE, NEAR = (127.0, 37.5), (127.01, 37.5), (127.0012, 37.5)


def play(*fixes: Fix) -> list[Transition]:
    state, events = State(), []
    for fix in fixes:
        state, decided = transitions(State.from_json(state.to_json()), fix, FENCES)
        events += decided
    return events


def at(second: float, where: tuple[float, float], accuracy: float = 8) -> Fix:
    return Fix(second, *where, accuracy)


def test_in_and_out() -> None:
    events = play(at(0, OUTSIDE), at(60, INSIDE), at(120, OUTSIDE), at(160, OUTSIDE))
    assert events == [Transition(PLACE, True, 60), Transition(PLACE, False, 120)]


def test_a_step_over_the_edge_is_no_leaving() -> None:
    assert play(at(0, INSIDE), at(60, NEAR), at(120, NEAR), at(180, NEAR)) == [Transition(PLACE, True, 0)]


def test_one_stray_fix_is_no_leaving() -> None:
    assert len(play(at(0, INSIDE), at(20, OUTSIDE), at(30, INSIDE), at(90, INSIDE))) == 1


def test_a_fix_without_worth_says_nothing() -> None:
    assert play(at(0, INSIDE, 25_000)) == []


def test_a_jump_to_another_city_and_back_is_ignored_and_a_journey_is_not() -> None:
    busan = (129.0, 35.1)
    assert len(play(at(0, INSIDE), at(10, busan), at(20, INSIDE))) == 1
    events = play(at(0, INSIDE), at(10, busan), at(20, busan), at(60, busan))
    assert [event.entered for event in events] == [True, False]


def test_an_older_or_repeated_fix_changes_nothing() -> None:
    assert len(play(at(100, INSIDE), at(100, OUTSIDE), at(50, OUTSIDE), at(99, OUTSIDE))) == 1


def test_after_a_long_silence_one_fix_is_enough() -> None:
    assert [event.entered for event in play(at(0, INSIDE), at(3_600, OUTSIDE))] == [True, False]


def test_a_place_of_one_floor_needs_a_fix_that_names_it() -> None:
    fences = {PLACE: Fence(FENCES[PLACE].polygon, 3, 3)}
    for floor, expected in ((None, 0), (2, 0), (3, 1)):
        _, events = transitions(State(), Fix(0, *INSIDE, 8, floor=floor), fences)
        assert len(events) == expected


FIXES = st.builds(
    Fix,
    at=st.floats(0, 10_000),
    lon=st.floats(126.995, 127.005),
    lat=st.floats(37.495, 37.505),
    accuracy=st.none() | st.floats(0, 200),
    floor=st.none() | st.integers(-2, 5),
    mock=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(FIXES, max_size=60))
def test_whatever_comes_entering_and_leaving_alternate_in_order_of_time(fixes: list[Fix]) -> None:
    events = play(*fixes)
    assert [event.entered for event in events] == [n % 2 == 0 for n in range(len(events))]
    assert [event.at for event in events] == sorted(event.at for event in events)


@settings(max_examples=100, deadline=None)
@given(st.lists(FIXES, max_size=40))
def test_repeating_every_fix_changes_nothing(fixes: list[Fix]) -> None:
    assert play(*fixes) == play(*[fix for fix in fixes for _ in range(2)])
