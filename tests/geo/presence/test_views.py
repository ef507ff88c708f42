"""Who was there is read with a reason and on record, or not at all: no list, answer or id tells it by the way."""

import time
from typing import Any

import pytest

from tests.stories.charters import promises
from tests.stories.fixes import GATE, stands
from tests.stories.scopes import manager
from tests.stories.visits import places_of
from tests.world import Organisation, Phone


@pytest.fixture
def site(org: Organisation) -> str:
    """A site that shows numbers only."""
    made = org.site(at=GATE)
    promises(org, made, aggregate_only=True)
    return made


@pytest.fixture
def mo(org: Organisation, site: str) -> Phone:
    """Its manager."""
    return manager(org, "Mo", site)


def listed(phone: Phone, site: str) -> list[str]:
    return [
        item["person"]["name"]
        for item in phone.get(f"/v1/admin/scopes/{site}/memberships?limit=100")["items"]
    ]


def looks(phone: Phone) -> list[str]:
    return [look["reason"] for look in phone.get("/v1/me/presence-views")["items"]]


def assigns(manager: Phone, site: str, person: Phone) -> dict[str, Any]:
    return manager.put(f"/v1/admin/scopes/{site}/memberships/{person.id}", {})


def test_the_members_list_does_not_tell_who_is_there(org: Organisation, site: str, mo: Phone) -> None:
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    assert listed(mo, site) == ["Mo"]
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{alice.id}", {})
    assert listed(mo, site) == ["Mo", "Alice"]


def test_assigning_somebody_does_not_tell_whether_they_are_there(
    org: Organisation, site: str, mo: Phone
) -> None:
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    presence = alice.get("/v1/me")["memberships"][0]
    mo.delete(f"/v1/admin/scopes/{site}/memberships/{alice.id}", 404)
    org.world.relays()
    position = alice.get("/v1/me")["position"]
    assigned = assigns(mo, site, alice)
    assert assigned["source"] == "assigned"
    assert assigned["started_at"] > presence["started_at"]
    assert assigned["id"] > presence["id"]
    told = [event["type"] for event in alice.syncs(position)]
    assert told == ["membership.started"]  # nothing ends for her: she goes on reading


def test_checking_in_by_hand_answers_what_was_said_and_no_more(
    org: Organisation, site: str, mo: Phone
) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    stands(alice, GATE, time.time())
    answers = [mo.post(f"/v1/admin/places/{site}/visits", {"person_id": one.id}, 201) for one in (alice, bob)]
    for answer, person in zip(answers, (alice, bob), strict=True):
        assert (answer["person_id"], answer["source"], answer["grade"]) == (person.id, "manual", 3)
        assert looks(person) == ["Checked in by hand"]


def test_checking_out_by_hand_does_not_tell_who_was_there(org: Organisation, site: str, mo: Phone) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    stands(alice, GATE, time.time())
    for person in (alice, bob):
        mo.delete(f"/v1/admin/places/{site}/visits/{person.id}")
        assert looks(person) == ["Checked out by hand"]
    assert (places_of(alice), places_of(bob)) == ([site], [])  # a manager takes back what managers said
    mo.delete(f"/v1/admin/places/{site}/visits/{site}", 404)


def test_what_a_manager_did_names_the_manager(org: Organisation, site: str, mo: Phone) -> None:
    alice = org.person("Alice")
    position = alice.get("/v1/me")["position"]
    mo.post(f"/v1/admin/places/{site}/visits", {"person_id": alice.id}, 201)
    mo.delete(f"/v1/admin/places/{site}/visits/{alice.id}")
    stands(alice, GATE, time.time())
    told = [
        (event["type"], event["actor_id"])
        for event in alice.syncs(position)
        if event["type"].startswith("visit.")
    ]
    assert told == [("visit.started", mo.id), ("visit.ended", mo.id), ("visit.started", alice.id)]
