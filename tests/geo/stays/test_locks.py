"""One order of locks, on real connections; and what happens where two still wait in a circle."""

import time
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from base import ids
from base.database import gave_way
from geo.stays.locks import lock_person
from geo.stays.silence import end_expired_evidence
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import FAR, GATE, fix, stands
from tests.stories.visits import ages, places
from tests.stories.waiting import begins, until_somebody_waits
from tests.world import Phone, World

_DEVICE = text("SELECT FROM device_positions WHERE device_id = :id FOR UPDATE")
_PERSON = text("SELECT FROM persons WHERE id = :id FOR NO KEY UPDATE NOWAIT")
_PLACE = text("SELECT FROM places WHERE id = :id FOR UPDATE NOWAIT")
_EVIDENCE = text("SELECT FROM evidence WHERE organisation_id = :id FOR UPDATE NOWAIT")


def device_of(phone: Phone) -> UUID:
    return UUID(phone.get("/v1/me")["device"]["id"])


def test_a_check_in_takes_the_device_before_the_person(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    shown, alice_id = code(org, marker(org, site)), alice.id
    stands(alice, FAR, time.time() - 600)
    device = device_of(alice)
    with world.worker.transaction() as session:
        session.execute(_DEVICE, {"id": device})
        scan = begins(scans, alice, shown)
        until_somebody_waits(session)
        session.execute(_PERSON, {"id": alice_id})
    scan.join()
    assert set(places(alice)) == {site}


def test_a_batch_takes_its_places_by_their_ids(world: World) -> None:
    """Into a zone that sticks out of its site first, and then into the site."""
    org = world.organisation()
    site = org.site(at=GATE)
    zone = org.zone(site, at=(127.003, 37.5))
    assert site < zone
    alice, now = org.person("Alice"), time.time()
    walk = [fix(now - 700 + 10 * i, (127.003, 37.5)) for i in range(8)]
    walk += [fix(now - 100 + 10 * i, GATE) for i in range(8)]
    with world.worker.transaction() as session:
        session.execute(_PLACE, {"id": site})
        batch = begins(alice.post, "/v1/me/fixes", {"fixes": walk})
        until_somebody_waits(session)
        session.execute(_PLACE, {"id": zone})
    batch.join()
    assert site in places(alice)


def test_what_expires_takes_the_person_before_the_evidence(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    scans(alice, code(org, marker(org, site)))
    ages(world, alice, timedelta(hours=9))
    alice_id = UUID(alice.id)

    def expires() -> None:
        with world.worker.transaction() as session:
            end_expired_evidence(session)

    with world.worker.transaction() as session:
        lock_person(session, alice_id)
        job = begins(expires)
        until_somebody_waits(session)
        session.execute(_EVIDENCE, {"id": org.id})
    job.join()
    assert places(alice) == {}


def test_a_request_that_lost_a_deadlock_is_done_again(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    for name in ("Amy", "Bob", "Cho", "Dan", "Eve"):
        alice = org.person(name)
        stands(alice, FAR, time.time() - 3600)
        lost, answer = in_a_circle(world, alice)
        assert answer.status_code == 200
        assert len(answer.get_json()["visits"]) == 1
        assert set(places(alice)) == {site}
        if lost:
            return
    pytest.fail("the request never was the one to give up")


def in_a_circle(world: World, phone: Phone) -> tuple[bool, TestResponse]:
    """A request and we wait for each other: whether it was the one to give up, and its answer in the end.

    It waited first, so mostly it is; on a busy machine PostgreSQL may have looked at it before there was a circle.
    """
    fixes = [fix(time.time() - 10 * i, GATE) for i in range(6)]
    answers: list[TestResponse] = []

    def reports() -> None:
        answers.append(
            phone.request("POST", "/v1/me/fixes", {"fixes": fixes}, Idempotency_Key=str(ids.new_id()))
        )

    device, person_id, lost = device_of(phone), UUID(phone.id), True
    try:
        with world.worker.transaction() as session:
            lock_person(session, person_id)
            request = begins(reports)
            until_somebody_waits(session)
            session.execute(_DEVICE, {"id": device})
    except OperationalError as error:
        if not gave_way(error):
            raise
        lost = False
    request.join()
    return lost, answers[0]
