"""What phones may have made up: marked, and told again once a fix beyond doubt agrees."""

from geo.engine.transitions import Fix, State, Transition, transitions
from tests.geo.engine.fences import AWAY, FENCES, INSIDE, NEAR, PLACE, ROOM, at, play

BUSAN = (129.0, 35.1)


def mock(second: float, where: tuple[float, float]) -> Fix:
    return Fix(second, *where, 8, 0, mock=True)


def test_a_made_up_position_enters_in_doubt_and_a_real_one_confirms_once() -> None:
    doubted, confirmed = Transition(PLACE, True, 0, True), Transition(PLACE, True, 20)
    assert play(mock(0, INSIDE), mock(10, INSIDE)) == [doubted]
    assert play(mock(0, INSIDE), mock(10, INSIDE), at(20, INSIDE), at(30, INSIDE)) == [doubted, confirmed]
    assert play(mock(0, INSIDE), at(20, INSIDE), mock(30, INSIDE), at(40, INSIDE)) == [doubted, confirmed]


def test_a_real_presence_is_not_put_in_doubt_by_a_made_up_fix() -> None:
    assert play(at(0, INSIDE), mock(10, INSIDE)) == [Transition(PLACE, True, 0)]


def test_a_fix_outside_confirms_nothing() -> None:
    assert play(mock(0, INSIDE), at(70, NEAR), at(80, NEAR)) == [Transition(PLACE, True, 0, True)]
    events = play(mock(0, INSIDE), at(70, AWAY), at(110, AWAY))
    assert events == [Transition(PLACE, True, 0, True), Transition(PLACE, False, 70)]


def test_a_confirmation_needs_what_an_entering_needs() -> None:
    coarse = [Fix(second, 127.00005, 37.50005, 65, 0) for second in (20, 50, 80)]
    made_up = mock(0, (127.00005, 37.50005))
    assert len(play(made_up, *coarse[:2], fences=ROOM)) == 1
    assert play(made_up, *coarse, fences=ROOM)[1:] == [Transition(PLACE, True, 20)]


def test_made_up_fixes_do_not_help_real_ones_to_dwell() -> None:
    beside = (127.00013, 37.50005)
    assert play(mock(0, beside), mock(50, beside), at(61, beside), fences=ROOM) == []


def test_a_made_up_walk_does_not_end_a_sound_stay() -> None:
    walk = [mock(second, AWAY) for second in range(100, 1_500, 20)]
    assert play(at(0, INSIDE), *walk) == [Transition(PLACE, True, 0)]
    assert play(at(0, INSIDE), *walk, at(1_520, INSIDE)) == [Transition(PLACE, True, 0)]


def test_a_stay_that_only_made_up_fixes_vouch_for_comes_into_doubt_and_out_of_it() -> None:
    inside = [mock(second, INSIDE) for second in range(100, 2_000, 100)]
    entered, doubted = Transition(PLACE, True, 0), Transition(PLACE, True, 1_800, True)
    assert play(at(0, INSIDE), *inside) == [entered, doubted]
    assert play(at(0, INSIDE), *inside, at(2_010, INSIDE)) == [
        entered,
        doubted,
        Transition(PLACE, True, 2_010),
    ]
    away = [mock(second, AWAY) for second in range(2_000, 2_100, 20)]
    assert play(at(0, INSIDE), *inside, *away)[2:] == [Transition(PLACE, False, 2_000, True)]


def test_after_an_impossible_jump_a_minute_of_fixes_is_in_doubt() -> None:
    arrival = [at(0, BUSAN), at(10, INSIDE), at(20, INSIDE)]
    assert play(*arrival, at(40, INSIDE)) == [Transition(PLACE, True, 20, True)]
    assert play(*arrival, at(90, INSIDE))[1:] == [Transition(PLACE, True, 90)]


def test_doubt_outlives_being_stored() -> None:
    state, _ = transitions(State(), mock(0, INSIDE), FENCES)
    assert State.from_json(state.to_json()) == state
    assert state.stays[PLACE].doubtful
