"""The geofence engine: a pure function, on made-up walks. A place of 177 by 223 m, and one beside it."""

from dataclasses import replace

from shapely import MultiPolygon, box

from geo.engine.transitions import Fence, State, Stay, Transition, forget, silent_since, transitions
from tests.geo.engine.fences import (
    AWAY,
    BESIDE_ROOM,
    DOWN_THE_HALL,
    FENCE,
    FENCES,
    IN,
    IN_ROOM,
    INSIDE,
    NEAR,
    NEXT_DOOR,
    OUT,
    OUTSIDE,
    PLACE,
    ROOM,
    at,
    play,
    told,
)

# 88 m a thousandth of a degree: outside by 883, 18, 79 and 97 m.


def test_in_and_out() -> None:
    events = play(at(0, OUTSIDE), at(60, INSIDE), at(180, OUTSIDE), at(220, OUTSIDE))
    assert events == [Transition(PLACE, True, 60), Transition(PLACE, False, 180)]


def test_one_good_fix_inside_is_enough() -> None:
    assert told(at(5, INSIDE)) == [(IN, 5)]


def test_a_step_over_the_edge_is_no_leaving() -> None:
    assert told(at(0, INSIDE), at(60, NEAR), at(120, NEAR), at(180, NEAR)) == [(IN, 0)]


def test_a_leaving_is_held_and_dated_to_the_first_fix_that_spoke_for_it() -> None:
    walk = [at(0, INSIDE), at(100, AWAY), at(110, AWAY), at(120, AWAY)]
    assert told(*walk) == [(IN, 0)]
    assert told(*walk, at(130, AWAY)) == [(IN, 0), (OUT, 100)]


def test_coming_back_within_the_hold_is_no_leaving() -> None:
    assert told(at(0, INSIDE), at(100, AWAY), at(120, NEAR), at(140, AWAY), at(160, INSIDE)) == [(IN, 0)]


def test_one_stray_fix_is_no_leaving() -> None:
    assert told(at(0, INSIDE), at(90, INSIDE), at(110, OUTSIDE), at(120, INSIDE), at(190, INSIDE)) == [
        (IN, 0)
    ]


def test_surely_away_by_an_ordinary_way_needs_no_hold() -> None:
    assert told(at(0, INSIDE), at(120, OUTSIDE)) == [(IN, 0), (OUT, 120)]


def test_a_stay_is_not_questioned_in_its_first_minute() -> None:
    assert told(at(0, INSIDE), at(20, AWAY), at(50, AWAY), at(59, AWAY)) == [(IN, 0)]
    assert told(at(0, INSIDE), at(20, AWAY), at(61, AWAY), at(95, AWAY)) == [(IN, 0), (OUT, 61)]


def test_after_a_long_silence_one_fix_is_enough() -> None:
    assert told(at(0, INSIDE), at(3_600, AWAY)) == [(IN, 0), (OUT, 3_600)]


def test_a_poor_fix_decides_nothing_but_contradicts_a_leaving() -> None:
    assert told(at(0, INSIDE, 25_000), at(1, INSIDE, 81)) == []
    assert told(at(0, INSIDE), at(100, OUTSIDE, 25_000), at(200, OUTSIDE, 25_000)) == [(IN, 0)]
    leaving = [at(0, INSIDE), at(100, AWAY), at(129, AWAY, 120), at(135, AWAY)]
    assert told(*leaving) == [(IN, 0)]
    assert told(*leaving, at(165, AWAY)) == [(IN, 0), (OUT, 135)]
    assert told(at(0, INSIDE), at(100, AWAY), at(129, AWAY, 25_000), at(135, AWAY)) == [(IN, 0), (OUT, 100)]


def test_an_accuracy_of_nothing_or_none_is_no_perfect_accuracy() -> None:
    for accuracy in (None, 0, -1):
        assert at(0, INSIDE, accuracy).uncertainty == 30
        assert told(at(0, INSIDE, accuracy)) == [(IN, 0)]


def test_staying_just_beside_a_small_place_is_being_in_it_and_coming_past_is_not() -> None:
    beside = [at(second, BESIDE_ROOM) for second in range(0, 80, 20)]
    assert told(*beside[:3], fences=ROOM) == []
    assert told(*beside, fences=ROOM) == [(IN, 0)]
    assert told(*beside[:3], at(50, DOWN_THE_HALL), beside[3], fences=ROOM) == []


def test_staying_beside_a_place_is_not_being_in_it_for_one_who_is_next_door() -> None:
    fences = {NEXT_DOOR: Fence(MultiPolygon([box(127.00011, 37.5, 127.0002, 37.5001)])), **ROOM}
    events = play(*[at(second, BESIDE_ROOM) for second in range(0, 200, 20)], fences=fences)
    assert events == [Transition(NEXT_DOOR, True, 0)]


def test_a_disc_much_larger_than_the_place_counts_only_for_those_who_stay() -> None:
    coarse = [at(second, IN_ROOM, 65) for second in (0, 30, 60)]
    assert told(*coarse[:2], fences=ROOM) == []
    assert told(*coarse, fences=ROOM) == [(IN, 0)]
    assert told(at(0, IN_ROOM, 25), fences=ROOM) == [(IN, 0)]


def test_passing_at_speed_is_no_visit_and_slowing_down_is() -> None:
    passing = [at(0, OUTSIDE, 8, 20), at(40, INSIDE, 8, 20), at(45, INSIDE, 8, 20)]
    assert told(*passing, at(50, AWAY, 8, 20)) == []
    assert told(*passing, at(50, INSIDE, 8, 1)) == [(IN, 40)]
    assert told(*passing, at(75, INSIDE, 8, 20)) == [(IN, 40)]
    without_speed = [replace(fix, speed=-1) for fix in (at(0, OUTSIDE), at(40, INSIDE), at(45, INSIDE))]
    assert told(*without_speed[:2]) == []
    assert told(*without_speed) == [(IN, 40)]


def test_going_next_door_dates_the_leaving() -> None:
    fences = {PLACE: FENCE, NEXT_DOOR: Fence(MultiPolygon([box(127.0011, 37.499, 127.0013, 37.501)]))}
    walk = [at(0, INSIDE), at(100, NEAR), at(200, NEAR), at(300, (127.0009, 37.5)), at(400, NEAR)]
    events = play(*walk, at(500, OUTSIDE), fences=fences)
    assert [(event.place_id, event.entered, event.at) for event in events] == [
        (PLACE, IN, 0),
        (NEXT_DOOR, IN, 100),
        (PLACE, OUT, 100),
        (NEXT_DOOR, OUT, 500),
    ]


def test_who_comes_back_from_next_door_left_only_later() -> None:
    fences = {PLACE: FENCE, NEXT_DOOR: Fence(MultiPolygon([box(127.0011, 37.499, 127.0013, 37.501)]))}
    back = [at(second, INSIDE) for second in range(200, 250, 10)]
    events = play(at(0, INSIDE), at(100, NEAR), at(110, NEAR), *back, at(600, OUTSIDE), fences=fences)
    assert Transition(PLACE, False, 600) in events


def test_the_place_around_is_no_other_place() -> None:
    fences = {PLACE: FENCE, NEXT_DOOR: Fence(MultiPolygon([box(126.99, 37.49, 127.005, 37.51)]))}
    events = play(at(0, (126.995, 37.5)), at(60, INSIDE), at(200, NEAR), at(400, OUTSIDE), fences=fences)
    assert Transition(PLACE, False, 400) in events


def test_a_jump_to_another_city_and_back_is_ignored_and_a_journey_is_not() -> None:
    busan = (129.0, 35.1)
    assert told(at(0, INSIDE), at(100, busan), at(110, INSIDE)) == [(IN, 0)]
    assert told(at(0, INSIDE), at(100, busan), at(110, busan)) == [(IN, 0)]
    assert told(at(0, INSIDE), *[at(100, busan)] * 3, at(800, INSIDE)) == [(IN, 0)]
    journey = [at(100, busan), at(110, busan), at(140, busan), at(175, busan)]
    assert told(at(0, INSIDE), *journey) == [(IN, 0), (OUT, 110)]


def test_a_fix_that_was_overtaken_or_repeated_changes_nothing() -> None:
    state, _ = transitions(State(), at(1_000, INSIDE), FENCES)
    for second in (1_000, 999, 50, 0, -1e12):
        for accuracy in (8, 100, None):
            assert transitions(state, at(second, OUTSIDE, accuracy), FENCES) == (state, [])


def test_a_fix_of_1970_or_of_the_future_does_no_lasting_harm() -> None:
    assert told(at(0, OUTSIDE), at(1.7e9, INSIDE)) == [(IN, 1.7e9)]
    assert told(at(1.7e9 + 60, OUTSIDE), at(1.7e9, INSIDE), at(1.7e9 + 200, INSIDE)) == [(IN, 1.7e9 + 200)]


def test_an_archived_place_is_left() -> None:
    state, _ = transitions(State(), at(0, INSIDE), FENCES)
    state, events = transitions(state, at(60, INSIDE), {})
    assert (state.stays, events) == ({}, [Transition(PLACE, False, 60)])


def test_a_state_stored_by_an_earlier_version_is_read() -> None:
    last = [0.0, *INSIDE, 8.0, None, None, False]
    for stays in ({str(PLACE): [0.0, None]}, {str(PLACE): [0.0, 90.0]}):
        state = State.from_json({"last": last, "held": None, "stays": stays})
        _, events = transitions(state, at(120, OUTSIDE), FENCES)
        assert [event.entered for event in events] == [False]
    assert State.from_json({}) == State()


def test_what_is_forgotten_can_begin_again() -> None:
    state, _ = transitions(State(), at(0, INSIDE), FENCES)
    assert forget(state, [NEXT_DOOR]) == state
    state = forget(state, [PLACE])
    assert state.stays == {}
    assert silent_since(state) == 0
    _, events = transitions(state, at(60, INSIDE), FENCES)
    assert events == [Transition(PLACE, True, 60)]


def test_a_device_not_heard_of_is_not_silent_since_anything() -> None:
    assert silent_since(State(stays={PLACE: Stay(0)})) is None
