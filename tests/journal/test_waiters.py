"""Who is called by which events: those to whom they are addressed and who have not seen them, and nobody else."""

import time
from collections.abc import Sequence
from uuid import UUID

from base import ids
from journal.waiters import Addressed, Waiter, Waiters, Waiting

ORG, EPOCH = ids.new_id(), ids.new_id()
SITE, HARBOUR, BOB, ANN = (ids.new_id() for _ in range(4))


def waits(waiters: Waiters, position: int, *addresses: UUID) -> tuple[Waiter, bool]:
    """A waiter that has seen everything up to a position, and whether it may wait."""
    waiter = Waiter(Waiting(30, ORG, ids.new_id(), addresses, position, EPOCH), time.monotonic(), waiters)
    return waiter, waiters.admit(waiter, addresses)


def events(after: int, *addresses: UUID) -> Sequence[Addressed]:
    return [Addressed(position, address) for position, address in enumerate(addresses, after + 1)]


def test_an_event_calls_those_of_its_scope_or_its_person() -> None:
    waiters = Waiters(ORG, 5, EPOCH)
    bob, _ = waits(waiters, 5, BOB, SITE)
    ann, _ = waits(waiters, 5, ANN, SITE, HARBOUR)
    assert set(waiters.apply(events(5, SITE))) == {bob, ann}
    assert set(waiters.apply(events(6, ANN, ids.new_id()))) == {ann}
    assert set(waiters.apply(events(8, ids.new_id()))) == set()
    assert waiters.position == 9


def test_one_who_has_seen_it_is_not_called() -> None:
    waiters = Waiters(ORG, 5, EPOCH)
    bob, _ = waits(waiters, 7, SITE)
    assert list(waiters.apply(events(5, SITE, SITE))) == []
    assert list(waiters.apply(events(7, SITE))) == [bob]


def test_one_who_comes_after_an_event_was_handed_out_hears_of_it_where_it_concerns_them() -> None:
    waiters = Waiters(ORG, 5, EPOCH)
    waiters.apply(events(5, SITE, HARBOUR, ANN))
    assert [waits(waiters, 5, each)[1] for each in (SITE, HARBOUR, ANN, BOB)] == [False, False, False, True]
    assert waits(waiters, 6, SITE)[1]
    assert waits(waiters, 8, SITE, HARBOUR, ANN)[1]


def test_one_who_comes_after_more_than_is_remembered_looks_again() -> None:
    waiters = Waiters(ORG, 0, EPOCH)
    waiters.apply(events(0, *[SITE] * 1_500))
    assert not waits(waiters, 499, BOB)[1]
    assert waits(waiters, 500, BOB)[1]
    assert not waits(Waiters(ORG, 5, EPOCH), 4, BOB)[1]


def test_whoever_has_gone_is_not_called_and_the_last_leaves_nothing() -> None:
    waiters = Waiters(ORG, 0, EPOCH)
    bob, _ = waits(waiters, 0, BOB, SITE)
    ann, _ = waits(waiters, 0, ANN, SITE)
    assert not waiters.dismiss(bob)
    assert list(waiters.apply(events(0, SITE, BOB))) == [ann]
    assert waiters.dismiss(ann)
    assert set(waiters.everyone()) == set()
