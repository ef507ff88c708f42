"""What a visitor reaches: the scopes that they were let into, from then on, and nothing else by any path."""

import threading
import time
from typing import Any
from uuid import UUID

import pytest

from people.audience import audience
from tests.stories.checkins import code, marker
from tests.stories.fixes import stands
from tests.stories.visitors import comes_as_visitor, ghosts
from tests.stories.visits import places_of
from tests.world import Organisation, Phone, World

HERE, ELSEWHERE = (127.0, 37.5), (127.1, 37.5)


@pytest.fixture
def site(org: Organisation) -> str:
    return org.site("Depot", at=HERE, grace_seconds=0)


@pytest.fixture
def vera(org: Organisation, site: str) -> Phone:
    """She scanned the gate of the depot, after something was said there and elsewhere."""
    org.admin.posts(str(org.id), "to all: layoffs")
    org.admin.posts(site, "old at the depot")
    return comes_as_visitor(org, code(org, marker(org, site, admits_visitors_hours=8))).agrees()


def test_she_reads_and_writes_at_her_site_from_now_on(org: Organisation, site: str, vera: Phone) -> None:
    org.admin.posts(site, "new at the depot")
    vera.posts(site, "I am here for the lift.")
    assert vera.reads(site) == ["I am here for the lift.", "new at the depot"]
    assert vera.feed() == vera.reads(site)
    (membership,) = vera.get("/v1/me")["memberships"]
    assert (membership["scope_id"], membership["history"]) == (site, "since_entry")


def test_the_organisations_scope_is_not_there_for_her(org: Organisation, vera: Phone) -> None:
    post = org.admin.posts(str(org.id), "to all: more layoffs")["id"]
    for path in (f"/v1/scopes/{org.id}/posts", f"/v1/posts/{post}", f"/v1/posts/{post}/replies"):
        vera.get(path, 404)
    vera.posts(str(org.id), "spam", 404)
    vera.get("/v1/admin/people", 403)
    vera.get("/v1/admin/sites", 200)
    assert vera.get("/v1/admin/sites")["items"] == []


def test_open_scopes_are_not_there_for_her(org: Organisation, vera: Phone) -> None:
    canteen = org.site("Canteen", at=ELSEWHERE, admission="open")
    vera.get(f"/v1/scopes/{canteen}/posts", 404)
    vera.put(f"/v1/scopes/{canteen}/membership", status=404)
    vera.get(f"/v1/sites/{canteen}/charter", 404)


def test_old_words_of_her_site_stay_hidden_also_when_they_change(
    org: Organisation, site: str, world: World
) -> None:
    post = org.admin.posts(site, "old at the depot")["id"]
    vera = comes_as_visitor(org, code(org, marker(org, site, admits_visitors_hours=8)))
    position = vera.get("/v1/me")["position"]
    org.admin.patch(f"/v1/posts/{post}", {"text": "old and mended"})
    vera.get(f"/v1/posts/{post}", 404)
    assert [event for event in vera.syncs(position) if event["type"].startswith("post.")] == []


def test_sync_brings_her_nothing_of_the_rest(org: Organisation, site: str, vera: Phone) -> None:
    org.world.relays()
    position = vera.get("/v1/me")["position"]
    org.admin.posts(str(org.id), "to all")
    hq = org.site("Secret HQ", at=ELSEWHERE)
    org.admin.posts(hq, "at HQ")
    mine = org.admin.posts(site, "at the depot")["id"]
    assert [event["data"]["id"] for event in vera.syncs(position)] == [mine]


def test_neither_push_nor_live_rooms_count_her_among_all(
    org: Organisation, site: str, vera: Phone, world: World
) -> None:
    alice = org.person("Alice")
    with world.worker.transaction() as session:
        everyone = {follower.person_id for follower in audience(session, org.id, org.id)}
        (there,) = audience(session, UUID(site), org.id)
    assert UUID(alice.id) in everyone
    assert UUID(vera.id) not in everyone
    assert (there.person_id, there.since > 0) == (UUID(vera.id), True)


def test_she_gets_the_circles_and_outlines_of_her_site_alone(
    org: Organisation, site: str, vera: Phone
) -> None:
    gate = org.zone(site, "Gate", at=HERE)
    org.zone(site, "Vault", at=HERE, admission="assigned")
    org.site("Secret HQ", at=ELSEWHERE)
    org.site("Canteen", at=HERE, admission="open")
    regions = vera.get(f"/v1/me/regions?lon={HERE[0]}&lat={HERE[1]}&boundaries=true")["regions"]
    assert {region["id"] for region in regions} == {site, gate}


def test_walking_into_another_site_does_not_let_her_into_its_feed(
    org: Organisation, site: str, vera: Phone
) -> None:
    hq, lobby = org.site("Secret HQ", at=ELSEWHERE), org.zone(site, "Lobby", at=HERE)
    org.admin.posts(lobby, "old in the lobby")
    stands(vera, ELSEWHERE, time.time() - 300)
    assert hq in places_of(vera)  # a roll call there would count her
    vera.get(f"/v1/scopes/{hq}/posts", 404)
    vera.get(f"/v1/sites/{hq}/charter", 404)
    stands(vera, HERE, time.time())
    assert vera.reads(lobby) == []
    org.admin.posts(lobby, "new in the lobby")
    assert vera.reads(lobby) == ["new in the lobby"]


def test_region_events_of_places_that_she_may_not_know_are_refused(org: Organisation, vera: Phone) -> None:
    hq = org.site("Secret HQ", at=ELSEWHERE)
    event = {"place_id": hq, "type": "enter", "at": "2026-01-01T00:00:00Z"}
    (result,) = vera.post("/v1/me/regions/events", {"sent_at": event["at"], "events": [event]})["items"]
    assert result["code"] == "place_not_found"


def test_a_site_manager_invites_visitors_to_the_own_site_and_nobody_else(
    org: Organisation, site: str
) -> None:
    hq, mo = org.site("Secret HQ", at=ELSEWHERE, admission="assigned"), org.person("Mo")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{mo.id}", {"role": "manager"})

    def invites(status: int, **body: Any) -> Any:
        return mo.post("/v1/admin/invitations", body, status)

    made = invites(201, scope_ids=[site], stay_hours=12)
    assert made["role"] == "visitor"
    invites(403, scope_ids=[site])
    invites(403, stay_hours=12)
    invites(404, scope_ids=[site, hq], stay_hours=12)
    invites(422, scope_ids=[site], stay_hours=12, role="organisation_administrator")
    org.person("Alice").post("/v1/admin/invitations", {"scope_ids": [site], "stay_hours": 1}, 403)
    ivy = Phone(org, "Ivy")
    account = {"email": "ivy@example.com", "name": "Ivy", "password": "correct horse battery"}
    ivy.keeps(ivy.post("/v1/invitations/accept", {"code": made["code"], "device": ivy.app, **account}, 201))
    assert ivy.get("/v1/me")["person"]["role"] == "visitor"
    ivy.get(f"/v1/scopes/{org.id}/posts", 404)


def test_a_gates_code_opens_so_many_accounts_an_hour_and_not_one_more(org: Organisation, site: str) -> None:
    gate = marker(org, site, admits_visitors_hours=8)
    shown = code(org, gate)
    ghosts(org, gate, 999, address="192.0.2.1")
    statuses: list[int] = []

    def scans() -> None:
        phone = Phone(org, "Vera")
        body = {"code": shown, "name": "Vera", "device": phone.app}
        statuses.append(phone.request("POST", "/v1/visitors", body).status_code)

    strangers = [threading.Thread(target=scans) for _ in range(3)]
    for stranger in strangers:
        stranger.start()
    for stranger in strangers:
        stranger.join()
    assert sorted(statuses) == [201, 429, 429]
