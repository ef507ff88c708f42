"""UUIDv7: in order of time, and comparable with a moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from base import clock, ids


def test_ids_of_one_process_increase() -> None:
    made = [ids.new_id() for _ in range(1_000)]
    assert made == sorted(made)
    assert all(id_.version == 7 for id_ in made)


def test_a_moment_divides_the_ids() -> None:
    before = ids.new_id()
    boundary = ids.first_id_at(clock.now() + timedelta(milliseconds=2))
    assert before < boundary
    assert ids.first_id_at(clock.now() - timedelta(seconds=1)) < before


def test_they_increase_from_many_threads_and_more_than_there_are_in_a_millisecond() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: [ids.new_id() for _ in range(5_000)], range(8)))
    assert all(some == sorted(some) for some in made)
    assert len({id_ for some in made for id_ in some}) == 40_000


@pytest.mark.parametrize(("back_s", "follows"), [(1, False), (9, False), (60, True), (70 * 86_400, True)])
def test_a_clock_set_back_a_little_stays_in_order_and_one_set_back_far_is_followed(
    monkeypatch: pytest.MonkeyPatch, back_s: int, follows: bool
) -> None:
    now = clock.seconds()
    monkeypatch.setattr(clock, "seconds", lambda: now + back_s)
    ahead = ids.new_id()
    monkeypatch.setattr(clock, "seconds", lambda: now)
    assert (ids.new_id() < ahead) is follows
