"""What apps report of pushes, and the test push: of one's own device alone, late, repeated, in any order."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from push.models import Delivery
from tests.push.reports.receipts import TEST, reports
from tests.stories.pushes import reachable
from tests.stories.times import later
from tests.world import Organisation, World


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


def delivery(org: Organisation, delivery_id: str) -> Delivery:
    with org.world.worker.transaction() as session:
        return session.get_one(Delivery, UUID(delivery_id))


def test_a_test_push_is_queued_like_every_other_and_can_be_looked_up(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    sent = bob.post(TEST, status=201)
    assert (sent["status"], sent["reason"], sent["sent_at"]) == ("queued", None, None)
    row = delivery(org, sent["id"])
    assert (row.why, row.action, row.status, row.priority) == ("test", "show", "queued", 1)
    with org.world.worker.transaction() as session:
        failed = text("UPDATE deliveries SET status = 'failed', reason = 'unregistered' WHERE id = :id")
        session.execute(failed, {"id": sent["id"]})
    looked_up = bob.get(f"{TEST}/{sent['id']}")
    assert (looked_up["status"], looked_up["reason"]) == ("failed", "unregistered")


def test_without_an_address_it_says_so(org: Organisation) -> None:
    assert org.person("Bob").post(TEST, status=409)["code"] == "push_not_registered"


def test_five_within_ten_minutes_and_no_more(org: Organisation) -> None:
    bob, amy = reachable(org, "Bob"), reachable(org, "Amy")
    last = [bob.post(TEST, status=201) for _ in range(5)][-1]
    refused = bob.request("POST", TEST)
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_requests")
    assert 500 < int(refused.headers["Retry-After"]) <= 600
    amy.post(TEST, status=201)
    with org.world.owner() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET created_at = created_at - interval '11 minutes' WHERE id = %(id)s",
            {"id": last["id"]},
        )
    bob.post(TEST, status=201)


def test_nobody_else_and_no_other_device_sees_it(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    sent = bob.post(TEST, status=201)
    strangers = (org.admin, org.signs_in("bob@example.com", "Bob"), org.world.organisation().admin)
    for other in strangers:
        other.get(f"{TEST}/{sent['id']}", 404)
    bob.get(f"{TEST}/{uuid4()}", 404)


def test_the_first_time_stands_whatever_the_order(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    sent = bob.post(TEST, status=201)["id"]
    first = datetime.now(UTC)
    reports(bob, (sent, "opened", later(seconds=-1)))
    assert delivery(org, sent).delivered_at is None
    opened = delivery(org, sent).opened_at
    reports(bob, (sent, "opened", first), (sent, "delivered", first), (sent, "delivered", later(seconds=9)))
    row = delivery(org, sent)
    assert row.opened_at == opened == row.created_at, "nothing arrives before it was made"
    assert row.delivered_at == first
    reports(bob, (sent, "delivered", later(hours=-1)))
    assert delivery(org, sent).delivered_at == first


def test_a_clock_that_runs_ahead_is_cut_to_now(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    sent = bob.post(TEST, status=201)["id"]
    reports(bob, (sent, "delivered", later(days=400)))
    assert abs(delivery(org, sent).delivered_at - datetime.now(UTC)) < timedelta(minutes=1)  # type: ignore[operator]


def test_reports_of_others_change_nothing_and_tell_nothing(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    sent = bob.post(TEST, status=201)["id"]
    now = datetime.now(UTC)
    strangers = (org.admin, org.signs_in("bob@example.com", "Bob"), org.world.organisation().admin)
    for other in strangers:
        reports(other, (sent, "opened", now), (str(uuid4()), "delivered", now))
    assert delivery(org, sent).opened_at is None


def test_who_has_the_phone_now_reports_nothing_of_who_had_it(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    sent = bob.post(TEST, status=201)["id"]
    org.person("Amy")
    bob.delete("/v1/sessions/current")
    bob.tokens = {}
    body = {"organisation": org.slug, "email": "amy@example.com", "device": bob.app}
    bob.keeps(bob.post("/v1/sessions", body | {"password": "correct horse battery"}, 201))
    reports(bob, (sent, "opened", datetime.now(UTC)))
    bob.get(f"{TEST}/{sent}", 404)
    assert delivery(org, sent).opened_at is None


def test_a_faulty_report_is_refused_alone(org: Organisation) -> None:
    bob = reachable(org, "Bob")
    sent = bob.post(TEST, status=201)["id"]
    good = {"delivery_id": sent, "what": "opened", "at": later(seconds=-1).isoformat()}
    faulty: list[Any] = [
        {},
        {**good, "delivery_id": "x"},
        {**good, "what": "a\0b"},
        {**good, "at": "soon"},
        None,
    ]
    answer = bob.post("/v1/me/device/reports", {"items": [*faulty, good]})
    assert (answer["accepted"], [item["index"] for item in answer["refused"]]) == (1, [0, 1, 2, 3, 4])
    assert {item["code"] for item in answer["refused"]} == {"report_invalid"}
    assert all(item["detail"] for item in answer["refused"])
    assert delivery(org, sent).opened_at is not None
    assert bob.post("/v1/me/device/reports", {"items": faulty})["accepted"] == 0


@pytest.mark.parametrize("items", [[], {}, None])
def test_reports_are_a_list_of_at_most_a_hundred(org: Organisation, items: Any) -> None:
    bob = org.person("Bob")
    bob.post("/v1/me/device/reports", {"items": items}, 422)
    many = [(str(uuid4()), "opened", datetime.now(UTC))] * 101
    reports(bob, *many, status=422)
