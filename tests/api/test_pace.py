"""How often what may be done: what is let through, what is refused, and what is told of it."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.pace import By, Pace
from base import ids
from tests.reference.accidents import Network
from tests.reference.client import ReferenceClient
from tests.reference.store import Store
from tests.stories.pace import (
    Hours,
    another_phone,
    asks_until_refused,
    has_asked,
    hours_of,
    others_took,
    refusal,
)
from tests.world import Organisation, World


@pytest.fixture
def hours(world: World, monkeypatch: pytest.MonkeyPatch) -> Hours:
    """Time that passes only where the story says so."""
    return hours_of(world, monkeypatch)


@pytest.fixture
def org(world: World, hours: Hours) -> Organisation:
    """An organisation that has done little yet."""
    return world.organisation()


def from_address(world: World, address: str, token: str = "") -> int:
    """The status of a request from an address, with a token or none."""
    given = {"Authorization": f"Bearer {token}"} if token else {}
    client = world.app.test_client()
    return client.get("/v1/me", headers=given, environ_base={"REMOTE_ADDR": address}).status_code


def test_who_reads_without_end_is_told_by_what_and_how_long_to_wait(org: Organisation, hours: Hours) -> None:
    bob = org.person("Bob")
    has_asked(bob, 590)  # and once for his id
    count, answer = asks_until_refused(bob, "/v1/me", 20)
    assert count == 9
    problem = answer.get_json()
    assert (problem["code"], problem["limit"]) == ("too_many_requests", "read-device")
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["RateLimit"] == '"read-device";r=0;t=60'
    hours.go_by(0.09)
    assert refusal(bob, "GET", "/v1/me") == "read-device"
    hours.go_by(0.91)
    bob.get("/v1/me")


def test_one_persons_haste_is_nobody_elses(org: Organisation) -> None:
    bob, carol = org.person("Bob"), org.person("Carol")
    has_asked(bob, 590)
    asks_until_refused(bob, "/v1/me", 20)
    carol.get("/v1/me")
    bob.posts(str(org.id), "I may still write")


def test_more_phones_are_not_more_patience(org: Organisation) -> None:
    bob = org.person("Bob")
    phones = [bob, another_phone(org, bob), another_phone(org, bob)]
    for phone in phones[:2]:
        has_asked(phone, 590)
    counts = [asks_until_refused(phone, "/v1/me", 20) for phone in phones]
    assert [count for count, _ in counts] == [9, 9, 0]
    assert counts[2][1].get_json()["limit"] == "read-person"


def test_a_phone_that_just_signed_in_counts_from_its_first_request(world: World, org: Organisation) -> None:
    bob = org.person("Bob")
    others_took(world, Pace.WRITE, By.PERSON, UUID(bob.id).int)
    fresh = another_phone(org, bob)
    body = {"text": "in vain"}
    assert refusal(fresh, "POST", f"/v1/scopes/{org.id}/posts", body) == "write-person"
    assert org.admin.feed() == []


def test_what_is_refused_costs_nobody_anything(world: World, org: Organisation, hours: Hours) -> None:
    bob = org.person("Bob")
    has_asked(bob, 500)
    others_took(world, Pace.READ, By.PERSON, UUID(bob.id).int)
    for _ in range(150):
        assert refusal(bob, "GET", "/v1/me") == "read-person"
    hours.go_by(3)
    assert [bob.request("GET", "/v1/me").status_code for _ in range(61)] == [200] * 60 + [429]


def test_one_organisation_does_not_hold_up_another(world: World, org: Organisation) -> None:
    other = world.organisation("Other")
    others_took(world, Pace.READ, By.ORGANISATION, org.id.int)
    answer = org.admin.request("GET", "/v1/me")
    assert (answer.status_code, answer.get_json()["limit"]) == (429, "read-organisation")
    assert answer.headers["RateLimit-Policy"] == '"read-organisation";q=1220;w=20'
    other.admin.get("/v1/me")


def test_what_is_refused_is_not_read(world: World, org: Organisation) -> None:
    class Untouchable(io.RawIOBase):
        def readinto(self, buffer: Any) -> int:
            raise AssertionError("the body was read")

    bob = org.person("Bob")
    for by, who in ((By.DEVICE, UUID(bob.session_id).int), (By.PERSON, UUID(bob.id).int)):
        world.rests()
        others_took(world, Pace.WRITE, by, who)
        answer = world.app.test_client().post(
            f"/v1/scopes/{org.id}/posts",
            headers={"Authorization": f"Bearer {bob.tokens['access_token']}"},
            environ_overrides={"wsgi.input": Untouchable(), "CONTENT_LENGTH": "100"},
        )
        assert answer.get_json()["limit"] == f"write-{by}"


def test_every_answer_tells_what_is_left(org: Organisation) -> None:
    bob = org.person("Bob")
    policy = '"read-device";q=600;w=60, "read-person";q=1200;w=60'
    before = bob.request("GET", "/v1/feed").headers
    after = bob.request("GET", f"/v1/posts/{ids.new_id()}").headers
    assert before["RateLimit-Policy"] == after["RateLimit-Policy"] == policy
    left = [int(re.fullmatch(r'"read-device";r=(\d+);t=1', told["RateLimit"])[1]) for told in (before, after)]  # type: ignore[index]
    assert left[1] == left[0] - 1
    written = bob.request("POST", f"/v1/scopes/{org.id}/posts", {"text": "x"}).headers
    assert written["RateLimit"] == '"write-device";r=238;t=1'  # she consented before


def test_guesses_at_tokens_count_where_they_come_from_and_hold_up_no_good_one(
    world: World, org: Organisation
) -> None:
    told = [from_address(world, "192.0.2.7", "a.guessed.token") for _ in range(1_201)]
    assert told == [401] * 1_200 + [429]
    assert from_address(world, "192.0.2.7") == 429
    assert from_address(world, "192.0.2.8", "a.guessed.token") == 401
    assert from_address(world, "192.0.2.7", org.admin.tokens["access_token"]) == 200


def test_a_token_that_is_over_is_no_guess(world: World, org: Organisation) -> None:
    others_took(world, Pace.TOKEN, By.ADDRESS, "192.0.2.7")
    tokens = world.app.extensions["hereabouts"].tokens
    over = tokens.access_token(ids.new_id(), org.id, datetime(2020, 1, 1, tzinfo=UTC))
    assert from_address(world, "192.0.2.7", over) == 401


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"),
        ("2001:db8:0:1::5", "2001:db8:0:1:ffff::9", "2001:db8:0:2::5"),
        ("", "a socket", "192.0.2.8"),
    ],
)
def test_one_line_has_one_count(world: World, org: Organisation, one: str, same: str, other: str) -> None:
    for _ in range(1_200):
        from_address(world, one)
    assert [from_address(world, address) for address in (one, same, other)] == [429, 429, 401]


def test_a_gate_opens_sixty_times_from_one_address(world: World, org: Organisation, hours: Hours) -> None:
    client, guess = world.app.test_client(), {"code": "nothing", "name": "Vera", "locale": "en"}

    def knocks(address: str) -> int:
        return client.post("/v1/visitors", json=guess, environ_base={"REMOTE_ADDR": address}).status_code

    told = [knocks("192.0.2.7") for _ in range(61)]
    assert set(told[:60]) == {422}
    assert told[60] == 429
    assert knocks("192.0.2.8") == 422
    hours.go_by(10)
    assert [knocks("192.0.2.7"), knocks("192.0.2.7")] == [422, 429]


def test_who_guesses_at_ids_is_held_up_and_what_is_ones_own_goes_on(org: Organisation) -> None:
    mallory = org.person("Mallory")
    count, answer = asks_until_refused(mallory, f"/v1/posts/{ids.new_id()}", 400)
    assert (count, answer.get_json()["limit"]) == (300, "look-up-device")
    assert refusal(mallory, "DELETE", f"/v1/posts/{ids.new_id()}") == "look-up-device"
    mallory.get("/v1/feed")
    mallory.get("/v1/sync?after=0")


def test_whoever_asks_after_persons_is_counted_whatever_the_answer(org: Organisation) -> None:
    mallory = org.person("Mallory")
    count, answer = asks_until_refused(mallory, f"/v1/presence?person_ids={org.admin.id}", 400)
    assert (count, answer.get_json()["limit"]) == (300, "look-up-device")


def test_codes_count_together_whichever_way_they_come(org: Organisation) -> None:
    mallory, guess = org.person("Mallory"), {"code": "nothing"}
    item = {"kind": "check_in", "at": "2026-01-01T00:00:00Z", **guess}

    def queues(count: int) -> dict[str, Any]:
        items = [{**item, "client_id": f"{count}-{number}"} for number in range(count)]
        return {"sent_at": "2026-01-01T00:00:00Z", "items": items}

    mallory.post("/v1/me/outbox", queues(50))
    for _ in range(10):
        assert mallory.request("POST", "/v1/me/check-ins", guess).status_code == 422
    assert refusal(mallory, "POST", "/v1/me/check-ins", guess) == "code-device"
    assert refusal(mallory, "POST", "/v1/me/outbox", queues(1)) == "code-device"


def test_a_batch_of_many_codes_is_not_held_up_for_ever(org: Organisation, hours: Hours) -> None:
    bob = org.person("Bob")
    items = [
        {"kind": "check_in", "client_id": str(n), "code": "x", "at": "2026-01-01T00:00:00Z"}
        for n in range(100)
    ]
    body = {"sent_at": "2026-01-01T00:00:00Z", "items": items}
    bob.post("/v1/me/outbox", body)
    answer = bob.request("POST", "/v1/me/outbox", body)
    hours.go_by(int(answer.headers["Retry-After"]))
    assert all(result["status"] != 429 for result in bob.post("/v1/me/outbox", body)["items"])


def test_a_phone_after_a_day_without_network_gets_everything_through(
    org: Organisation, hours: Hours, tmp_path: Path
) -> None:
    bob, waited = org.person("Bob"), list[float]()
    store = Store(tmp_path / "app.sqlite")

    def waits(seconds: float) -> None:
        waited.append(seconds)
        hours.go_by(seconds)

    app = ReferenceClient(store, Network(bob).send, wait=waits)
    for number in range(1_000):
        app.do("post", scope_id=str(org.id), text=f"note {number}")
    app.catch_up()
    assert waited == []
    hasty = ReferenceClient(store, Network(bob).send, batch=1, wait=waits)
    for number in range(1_000, 1_100):
        hasty.do("post", scope_id=str(org.id), text=f"note {number}")
    hasty.catch_up()
    assert 0 < len(waited) <= 60
    assert (store.queued(1), store.refusals()) == ([], [])
    org.world.relays()
    said = [event["data"]["text"] for event in org.admin.syncs(0) if event["type"] == "post.created"]
    assert said == [f"note {number}" for number in range(1_100)]
