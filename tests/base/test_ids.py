"""UUIDv7: in order of time, and comparable with a moment."""

from datetime import timedelta

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
