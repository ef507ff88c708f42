"""Leaving what is near, what one keeps coming back to, what fell silent; phones with accuracies of their own."""

import math
from uuid import UUID

import pytest
from shapely import MultiPolygon, box

from geo.engine.state import assume
from geo.engine.transitions import Fence, Fix, State, Transition, settle, transitions
from tests.geo.engine.fences import (
    AWAY,
    FENCES,
    IN,
    INSIDE,
    NEAR,
    OUT,
    OUTSIDE,
    PLACE,
    at,
    play,
    play_on,
    told,
)

WARD_1, WARD_2 = UUID(int=11), UUID(int=12)
METRE = 1 / 111_320
LON = METRE / math.cos(math.radians(37.5))


def ward(west: float, east: float) -> Fence:
    """A room of 20 m depth, from so many metres east of the corner to so many."""
    return Fence(MultiPolygon([box(127 + west * LON, 37.5, 127 + east * LON, 37.5 + 20 * METRE)]))


WARDS = {WARD_1: ward(0, 20), WARD_2: ward(40, 60)}


def metres(east: float) -> tuple[float, float]:
    return 127 + east * LON, 37.5 + 10 * METRE


def every(
    step: float, start: float, end: float, where: tuple[float, float], accuracy: float = 8
) -> list[Fix]:
    return [at(start + step * n, where, accuracy) for n in range(int((end - start) / step) + 1)]


def test_who_moves_to_the_next_ward_leaves_the_first_although_it_is_near() -> None:
    moved = [*every(10, 0, 300, metres(10)), *every(10, 310, 1_200, metres(50))]
    assert play(*moved, fences=WARDS) == [
        Transition(WARD_1, True, 0),
        Transition(WARD_2, True, 310),
        Transition(WARD_1, False, 310),
    ]


def test_a_look_into_the_next_ward_leaves_nothing() -> None:
    look = [
        *every(10, 0, 300, metres(10)),
        *every(10, 310, 600, metres(50)),
        *every(10, 610, 1_800, metres(10)),
    ]
    assert (WARD_1, False) not in {(event.place_id, event.entered) for event in play(*look, fences=WARDS)}


def test_a_zone_within_another_is_not_elsewhere() -> None:
    fences = {PLACE: FENCES[PLACE], WARD_1: ward(0, 20)}
    inner = [*every(10, 0, 300, INSIDE), *every(10, 310, 1_500, metres(10))]
    assert not [event for event in play(*inner, fences=fences) if not event.entered]


def test_nobody_stays_for_ever_just_outside() -> None:
    outside = every(30, 100, 1_000, NEAR)  # 18 m, within the margin
    assert told(at(0, INSIDE), *outside[:-2]) == [(IN, 0)]
    assert told(at(0, INSIDE), *outside) == [(IN, 0), (OUT, 100)]


def test_a_fix_that_may_be_inside_contradicts_that() -> None:
    assert told(at(0, INSIDE), *every(30, 100, 4_000, NEAR, accuracy=20)) == [(IN, 0)]


def test_a_silence_does_not_count_as_having_been_outside() -> None:
    assert told(at(0, INSIDE), at(100, NEAR), at(4_000, NEAR), at(4_100, NEAR)) == [(IN, 0)]


def test_at_a_door_where_gps_swings_the_hold_grows() -> None:
    swings: list[Fix] = []
    for turn in range(40):
        swings += every(20, turn * 160, turn * 160 + 60, INSIDE)
        swings += every(20, turn * 160 + 80, turn * 160 + 140, AWAY)
    events = told(*swings)
    assert len(events) <= 7
    assert told(*swings, *every(20, 6_400, 7_000, AWAY))[-1][0] is OUT


def test_who_comes_back_the_next_day_is_believed_at_once_again() -> None:
    day = 86_400
    events = told(at(0, INSIDE), at(120, OUTSIDE), at(day, INSIDE), at(day + 120, OUTSIDE))
    assert events == [(IN, 0), (OUT, 120), (IN, day), (OUT, day + 120)]


def test_what_the_last_fixes_spoke_for_is_believed_when_the_phone_falls_silent() -> None:
    state = State()
    for fix in (at(0, INSIDE), at(100, AWAY)):
        state, _ = transitions(state, fix, FENCES)
    settled, events = settle(state)
    assert events == [Transition(PLACE, False, 100)]
    assert not settled.stays
    assert settle(settled) == (settled, [])


def test_one_who_passed_by_within_a_minute_has_left_when_the_phone_falls_silent() -> None:
    state = State()
    for fix in (at(0, INSIDE), at(30, OUTSIDE), at(50, OUTSIDE)):
        state, _ = transitions(state, fix, FENCES)
    assert settle(state)[1] == [Transition(PLACE, False, 60)]


def test_one_who_is_in_when_the_phone_falls_silent_stays() -> None:
    state, _ = transitions(State(), at(0, INSIDE), FENCES)
    assert settle(state) == (state, [])


def test_fixes_confirm_once_what_a_code_said() -> None:
    state = assume(State(), PLACE, 0.0)
    told_of: list[Transition] = []
    for second in (10, 20, 30):
        state, events = transitions(State.from_json(state.to_json()), at(second, INSIDE), FENCES)
        told_of += events
    assert told_of == [Transition(PLACE, True, 10)]


def test_a_room_of_one_floor_is_left_when_no_fix_names_the_floor_any_more() -> None:
    third = {PLACE: Fence(FENCES[PLACE].polygon, 3, 3)}
    named = [Fix(second, *INSIDE, 8, 0, 3) for second in range(0, 600, 60)]
    silent = [Fix(second, *INSIDE, 8, 0, None) for second in range(600, 2_400, 60)]
    assert told(*named, *silent[:-1], fences=third) == [(IN, 0)]
    assert told(*named, *silent, Fix(2_401, *INSIDE, 8, 0), fences=third) == [(IN, 0), (OUT, 540)]


def test_a_phone_whose_accuracies_are_large_is_measured_by_its_own() -> None:
    coarse = every(5, 0, 600, INSIDE, accuracy=130)
    assert told(*coarse[:3]) == []
    assert told(*coarse)[0][0] is IN
    sharp = every(5, 0, 600, OUTSIDE, accuracy=8)
    assert told(*sharp, *every(5, 605, 700, INSIDE, accuracy=130)) == []


def test_kilometres_never_become_usual() -> None:
    assert told(*every(5, 0, 5_000, INSIDE, accuracy=2_000)) == []


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_change_nothing(odd: float) -> None:
    state, _ = transitions(State(), at(0, INSIDE), FENCES)
    for fix in (Fix(odd, *INSIDE), Fix(10, odd, 37.5), Fix(10, 127.0, odd)):
        assert transitions(state, fix, FENCES) == (state, [])


def test_who_waits_beside_the_next_ward_with_a_silent_phone_left_when_they_came_there() -> None:
    """A bus stop next door: the phone stands still, says nothing for minutes, and is heard again in the bus."""
    walk = [*every(10, 0, 300, metres(10)), at(330, metres(30)), at(360, metres(36))]
    waiting = [at(840, metres(36)), at(850, metres(70)), at(860, metres(110)), at(900, metres(400))]
    events = play(*walk, *waiting, fences=WARDS)
    assert Transition(WARD_2, True, 360) in events
    assert Transition(WARD_1, False, 360) in events


def test_who_was_in_the_first_place_since_did_not_leave_it_before() -> None:
    """Two halls that share a corridor: in both, then in the second alone."""
    halls = {WARD_1: ward(0, 40), WARD_2: ward(20, 60)}
    walk = [
        *every(10, 0, 300, metres(10)),
        *every(10, 310, 500, metres(30)),
        *every(10, 510, 1_200, metres(50)),
    ]
    assert Transition(WARD_1, False, 510) in play(*walk, fences=halls)


@pytest.mark.parametrize("second", [30, 60])
def test_a_leaving_is_never_dated_into_the_first_minute(second: float) -> None:
    just_outside = every(10, second, 1_100, NEAR)
    ((_, came), (_, left)) = told(at(0, INSIDE), *just_outside)
    assert left - came > 60
    far_away = every(30, second, 300, OUTSIDE)
    ((_, came), (_, left)) = told(at(0, INSIDE), *far_away)
    assert left - came > 60


def test_a_device_that_usually_measures_badly_does_so_without_a_number_too() -> None:
    """A tablet on Wi-Fi: without an accuracy, its fixes are as good as the others, and touch the place."""
    tablet = [at(10.0 * n, INSIDE, 85) for n in range(60)]
    beside = [at(600 + 10.0 * n, AWAY, 0 if n % 2 else None) for n in range(30)]
    assert told(*tablet, *beside) == [(IN, 40)]


def test_states_of_before_are_read() -> None:
    stored = State(last=at(0, INSIDE)).to_json()
    stored["last"] = stored["last"][:7]
    stored["stays"] = {str(PLACE): [0.0, None, None, 0, False, None, None, 0, False]}
    state, events = transitions(State.from_json(stored), at(100, NEAR), FENCES)
    assert (set(state.stays), events) == ({PLACE}, [])


def test_a_wrong_position_that_is_looked_up_again_and_again_is_one_witness() -> None:
    """An access point that has moved house: 97 m away, for two minutes, and no speed with it."""
    looked_up = [at(100 + 10.0 * n, AWAY, 30, None) for n in range(13)]
    assert told(at(0, INSIDE), *looked_up, at(230, INSIDE), at(240, INSIDE)) == [(IN, 0)]
    surely = [at(100, OUTSIDE, 30, 40), *(at(110 + 10.0 * n, OUTSIDE, 30, None) for n in range(12))]
    assert told(at(80, INSIDE), *surely, at(230, INSIDE)) == [(IN, 80)]


def test_a_second_position_or_a_measured_speed_confirms_a_leaving_and_so_does_time() -> None:
    farther = (AWAY[0] + 0.0001, AWAY[1])
    assert told(at(0, INSIDE), at(100, AWAY, 30, None), at(140, farther, 30, None)) == [(IN, 0), (OUT, 100)]
    assert told(at(0, INSIDE), *every(10, 100, 140, AWAY)) == [(IN, 0), (OUT, 100)]
    still = [at(100 + 10.0 * n, AWAY, 30, None) for n in range(100)]
    assert told(at(0, INSIDE), *still) == [(IN, 0), (OUT, 100)]


def test_a_place_that_is_drawn_anew_is_left_by_a_phone_that_stands_still() -> None:
    still = [at(10.0 * n, INSIDE, 8, None) for n in range(20)]
    state, _ = play_on(State(), still[:10], FENCES)
    elsewhere = {PLACE: Fence(MultiPolygon([box(127.002, 37.5, 127.003, 37.501)]))}
    assert play_on(state, still[10:], elsewhere)[1] == [Transition(PLACE, False, 100)]
