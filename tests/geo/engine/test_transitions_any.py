"""The geofence engine on any fixes at all: what must hold whatever phones send."""

from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, box

from geo.engine.sights import USABLE_ACCURACY_M
from geo.engine.transitions import Fence, Fix, State, Transition
from tests.geo.engine.fences import FENCE, PLACE, play_on

FENCES = {
    PLACE: FENCE,
    UUID(int=2): Fence(MultiPolygon([box(127.0011, 37.499, 127.0013, 37.501)])),
    UUID(int=3): Fence(MultiPolygon([box(127, 37.5, 127.0001, 37.5001)]), 3, 3),
    UUID(int=4): Fence(MultiPolygon([box(126.99, 37.49, 127.004, 37.51)]), -1, 4),
    UUID(int=5): Fence(MultiPolygon([box(127, 37.5, 127.000001, 37.500002)])),
}
FIXES = st.builds(
    Fix,
    at=st.integers(0, 2_000) | st.floats(-1e10, 4e9),
    lon=st.floats(126.995, 127.005) | st.sampled_from([127.00005, 127.0012, 129.0, 180.0, -180.0]),
    lat=st.floats(37.495, 37.505) | st.sampled_from([37.50005, 90.0, -90.0]),
    accuracy=st.none() | st.floats(0, 200) | st.just(25_000.0),
    speed=st.none() | st.floats(-1, 60),
    floor=st.none() | st.integers(-2, 5),
    mock=st.booleans(),
)


def play(fixes: list[Fix], state: State | None = None) -> tuple[State, list[Transition]]:
    return play_on(state or State(), fixes, FENCES)


@settings(max_examples=300, deadline=None)
@given(st.lists(FIXES, max_size=60))
def test_entering_and_leaving_alternate_in_order_of_time(fixes: list[Fix]) -> None:
    state, events = play(fixes)
    for place_id in FENCES:
        here = [event for event in events if event.place_id == place_id]
        credits = [after for before, after in pairwise(here) if before.entered and after.entered]
        passages = [event for event in here if all(event is not change for change in credits)]
        assert [event.at for event in passages] == sorted(event.at for event in passages)
        for before, after in pairwise(here):
            assert before.entered != after.entered or (after.entered and before.doubtful != after.doubtful)
            assert after not in credits or after.at >= before.at
        assert (bool(here) and here[-1].entered) == (place_id in state.stays)
        assert not here or here[0].entered


@settings(max_examples=150, deadline=None)
@given(st.lists(FIXES, max_size=40), st.data())
def test_no_order_of_arrival_and_no_repeat_raises(fixes: list[Fix], data: st.DataObject) -> None:
    play(data.draw(st.permutations(fixes + fixes[::2])))


@settings(max_examples=150, deadline=None)
@given(st.lists(FIXES, max_size=40))
def test_playing_a_day_again_changes_nothing(fixes: list[Fix]) -> None:
    day = sorted((fix for fix in fixes if fix.uncertainty <= USABLE_ACCURACY_M), key=lambda fix: fix.at)
    state, _ = play(day)
    before = [fix for fix in day if state.last is not None and fix.at <= state.last.at]
    assert play(before, state) == (state, [])


@settings(max_examples=150, deadline=None)
@given(st.lists(FIXES, max_size=40))
def test_repeating_every_fix_changes_nothing(fixes: list[Fix]) -> None:
    once = [fix for n, fix in enumerate(fixes) if n == 0 or fix.at != fixes[n - 1].at]
    assert play(once)[1] == play([fix for fix in once for _ in range(2)])[1]


@settings(max_examples=150, deadline=None)
@given(st.lists(FIXES, max_size=40))
def test_a_stored_state_is_the_state(fixes: list[Fix]) -> None:
    state, _ = play(fixes)
    assert State.from_json(state.to_json()) == state
