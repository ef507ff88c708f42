"""The queue: who is served first, and what two workers, dead workers and late answers do to it."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text

from base import clock
from push.models import Delivery
from push.sending.claims import LEASE, claim
from push.sending.results import Result, record
from tests.push.sending.deliveries import claims, queued
from tests.world import World


def states(world: World, which: Sequence[UUID]) -> Counter[str]:
    with world.worker.transaction() as session:
        return Counter(session.scalars(select(Delivery.status).where(Delivery.id.in_(which))))


def records(world: World, *results: Result) -> None:
    with world.worker.transaction() as session:
        record(session, results)


def test_a_small_organisation_is_not_behind_a_large_one(fresh_world: World) -> None:
    large, small = fresh_world.organisation(), fresh_world.organisation()
    queued(large, 50)
    few = queued(small, 3)
    claimed = claims(fresh_world, 20)
    assert set(few) <= set(claimed)
    assert len(claimed) == 13


def test_with_more_organisations_than_a_batch_all_have_their_turn(fresh_world: World) -> None:
    for _ in range(4):
        queued(fresh_world.organisation(), 1)
    seen = [one for _ in range(2) for one in claims(fresh_world, 2)]
    assert len(set(seen)) == 4


def test_alerts_of_any_organisation_come_first(fresh_world: World) -> None:
    first, second = fresh_world.organisation(), fresh_world.organisation()
    queued(first, 30)
    alerts = queued(second, 2, priority=0, why="alert")
    assert set(alerts) < set(claims(fresh_world, 10))
    assert len(claims(fresh_world, 10)) == 10


def test_a_long_alert_leaves_a_fifth_to_the_others(fresh_world: World) -> None:
    first, second = fresh_world.organisation(), fresh_world.organisation()
    alerts, messages = queued(first, 30, priority=0, why="alert"), queued(second, 30)
    claimed = set(claims(fresh_world, 10))
    assert (len(claimed & set(alerts)), len(claimed & set(messages))) == (8, 2)


def test_an_alert_alone_has_all_of_a_claim(fresh_world: World) -> None:
    queued(fresh_world.organisation(), 30, priority=0, why="alert")
    assert len(claims(fresh_world, 10)) == 10


def test_what_this_worker_has_an_answer_for_is_not_claimed_again_however_late_it_is(
    fresh_world: World,
) -> None:
    answered, other = queued(fresh_world.organisation(), 2)
    assert claims(fresh_world, 10, [answered]) == [other]
    assert claims(fresh_world, 10) == [answered]


def test_what_was_not_tried_is_no_attempt(fresh_world: World) -> None:
    (one,) = queued(fresh_world.organisation(), 1)
    for _ in range(2):
        assert claims(fresh_world, 10) == [one]
        records(fresh_world, Result(one, 1, "queued", "not_begun", due_at=clock.now(), tried=False))
    with fresh_world.worker.transaction() as session:
        assert session.get_one(Delivery, one).attempts == 0


def test_within_an_organisation_the_most_urgent_come_first(fresh_world: World) -> None:
    org = fresh_world.organisation()
    queued(org, 5, priority=3)
    direct, silent = queued(org, 2, priority=1), queued(org, 2, priority=4)
    claimed = claims(fresh_world, 4)
    assert set(direct) < set(claimed)
    assert not set(silent) & set(claimed)


def test_two_workers_never_have_the_same_and_wait_for_nobody(fresh_world: World) -> None:
    org = fresh_world.organisation()
    queued(org, 8)
    with fresh_world.worker.transaction() as one, fresh_world.worker.transaction() as other:
        firsts = {delivery.id for delivery in claim(one, 5).deliveries}
        others = {delivery.id for delivery in claim(other, 5).deliveries}
    assert (len(firsts), len(others)) == (5, 3)
    assert not firsts & others


def test_what_is_not_due_yet_is_left(fresh_world: World) -> None:
    org = fresh_world.organisation()
    made = queued(org, 2)
    with fresh_world.worker.transaction() as session:
        later = {"at": clock.now() + timedelta(minutes=1), "id": made[0]}
        session.execute(text("UPDATE deliveries SET due_at = :at WHERE id = :id"), later)
    assert claims(fresh_world, 10) == [made[1]]


def test_what_a_dead_worker_had_is_due_again_after_the_lease(fresh_world: World) -> None:
    (one,) = queued(fresh_world.organisation(), 1)
    assert claims(fresh_world, 10) == [one]
    assert claims(fresh_world, 10) == []
    with fresh_world.worker.transaction() as session:
        session.execute(text("UPDATE deliveries SET due_at = due_at - :lease"), {"lease": LEASE})
    assert claims(fresh_world, 10) == [one]


def test_an_answer_after_the_lease_counts_when_it_was_sent_and_not_else(fresh_world: World) -> None:
    lost, sent = queued(fresh_world.organisation(), 2)
    for _ in range(2):  # the lease ran out, and another worker has both
        with fresh_world.worker.transaction() as session:
            session.execute(text("UPDATE deliveries SET due_at = now()"))
        assert len(claims(fresh_world, 10)) == 2
    records(fresh_world, Result(lost, 1, "failed", "late"), Result(sent, 1, "sent", None, "name"))
    assert states(fresh_world, [lost]) == {"sending": 1}
    assert states(fresh_world, [sent]) == {"sent": 1}
    records(fresh_world, Result(sent, 2, "failed", "unregistered"))
    assert states(fresh_world, [sent]) == {"sent": 1}
