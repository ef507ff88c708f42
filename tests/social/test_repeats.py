"""What was taken once is answered again, wherever its author is by now: a phone that lost the answer asks for it."""

from typing import Any

import pytest

from tests.stories.acknowledgements import acknowledges
from tests.stories.checkins import code, marker, scans
from tests.stories.musters import calls
from tests.stories.notices import alerts, announces
from tests.stories.phone_queue import queued, sends
from tests.stories.scopes import manager
from tests.stories.times import ago
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone

POST = {"client_id": "phone-0001"}


def writes(phone: Phone, scope: str, text: str = "there", **members: Any) -> Any:
    return phone.posts(scope, text, **POST, **members)


def leaves(org: Organisation, phone: Phone, place: str) -> None:
    org.admin.delete(f"/v1/admin/places/{place}/visits/{phone.id}")


def taken_out(org: Organisation, phone: Phone, scope: str) -> None:
    org.admin.delete(f"/v1/admin/scopes/{scope}/memberships/{phone.id}")


@pytest.fixture
def site(org: Organisation) -> str:
    return org.site(grace_seconds=0)


@pytest.fixture
def bob(org: Organisation, site: str) -> Phone:
    """Bob, who is in the site."""
    bob = org.person("Bob")
    is_seen(org, bob, site)
    return bob


def test_after_leaving(org: Organisation, site: str, bob: Phone) -> None:
    first = writes(bob, site)
    leaves(org, bob, site)
    assert writes(bob, site, status=200) == first
    [queued_too] = sends(bob, queued("post", scope_id=site, text="there", **POST))
    assert (queued_too["status"], queued_too["body"]) == (200, first)
    assert org.admin.reads(site) == ["there"]
    bob.posts(site, "another", 403, client_id="phone-0002")
    bob.posts(site, "another", 403)


def test_after_being_taken_out_and_after_the_place_is_closed(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = org.person("Bob", scopes=[site])
    first = writes(bob, site)
    taken_out(org, bob, site)
    assert writes(bob, site, status=200) == first
    org.admin.delete(f"/v1/admin/sites/{site}", If_Match='"1"')
    assert writes(bob, site, status=200) == first
    bob.get(f"/v1/posts/{first['id']}", 404)


def test_after_the_evidence_has_run_out(org: Organisation) -> None:
    site = org.site(posting_grade=2)
    bob = org.person("Bob", scopes=[site])
    scans(bob, code(org, marker(org, site)))
    first = writes(bob, site)
    leaves(org, bob, site)
    assert writes(bob, site, status=200) == first
    assert bob.posts(site, "another", 403)["code"] == "evidence_too_weak"


def test_with_those_whom_it_names_and_answers_gone(org: Organisation, site: str, bob: Phone) -> None:
    mina, question = org.person("Mina"), org.admin.posts(site, "Who?")
    named = {"mentions": [mina.id], "parent_id": question["id"]}
    first = writes(bob, site, **named)
    org.admin.delete(f"/v1/posts/{question['id']}")
    org.admin.delete(f"/v1/admin/people/{mina.id}")
    assert writes(bob, site, status=200, **named) == first
    leaves(org, bob, site)
    assert writes(bob, site, status=200, **named) == first


def test_a_deleted_post_is_told_as_deleted_and_not_written_again(
    org: Organisation, site: str, bob: Phone
) -> None:
    first = writes(bob, site)
    org.admin.posts(site, "an answer", parent_id=first["id"])
    leaves(org, bob, site)
    org.admin.delete(f"/v1/posts/{first['id']}")
    again = writes(bob, site, status=200)
    assert (again["id"], again["text"]) == (first["id"], None)
    assert org.admin.reads(site) == ["an answer", None]


def test_a_client_id_still_means_one_post_of_one_person(org: Organisation, site: str, bob: Phone) -> None:
    writes(bob, site)
    leaves(org, bob, site)
    hidden, eve = org.site("Hidden", admission="assigned"), org.person("Eve")
    for scope in (str(org.id), hidden):
        assert writes(bob, scope, status=422)["code"] == "client_id_reused"
    assert writes(eve, site, status=403)["code"] == "not_a_member"
    assert writes(eve, hidden, status=404)["code"] == "not_found"


def test_who_is_signed_out_or_gone_is_told_nothing(org: Organisation, site: str, bob: Phone) -> None:
    writes(bob, site)
    leaves(org, bob, site)
    org.admin.delete(f"/v1/admin/people/{bob.id}")
    writes(bob, site, status=401)


def test_a_notice_of_one_who_manages_no_more(org: Organisation) -> None:
    site = org.site(admission="assigned")
    hanna = manager(org, "Hanna", site)
    said = [(alerts, {"client_id": "phone-0001"}), (announces, {"client_id": "phone-0002"})]
    first = [say(hanna, site, **ids) for say, ids in said]
    taken_out(org, hanna, site)
    assert [say(hanna, site, status=200, **ids) for say, ids in said] == first
    alerts(hanna, site, status=404, client_id="phone-0003")
    assert alerts(hanna, site, status=422, client_id="phone-0002")["code"] == "client_id_reused"


def test_a_word_on_a_notice(org: Organisation, site: str, bob: Phone) -> None:
    eve, alert = org.person("Eve"), alerts(org.admin, site)
    said = acknowledges(bob, alert)
    leaves(org, bob, site)
    assert acknowledges(bob, alert) == said
    org.admin.delete(f"/v1/posts/{alert['id']}")
    assert acknowledges(bob, alert) == said
    assert acknowledges(eve, alert, 403)["code"] == "not_a_member"


def test_how_far_one_has_read(org: Organisation, site: str, bob: Phone) -> None:
    one, two = org.admin.posts(site, "one"), org.admin.posts(site, "two")
    path = f"/v1/scopes/{site}/read"
    said = bob.put(path, {"post_id": one["id"]})
    leaves(org, bob, site)
    assert bob.put(path, {"post_id": one["id"]}) == said
    bob.put(path, {"post_id": two["id"]}, 403)
    org.person("Eve").put(path, {"post_id": one["id"]}, 403)


def test_a_deletion(org: Organisation, site: str, bob: Phone) -> None:
    gone, kept = writes(bob, site), bob.posts(site, "kept")
    bob.delete(f"/v1/posts/{gone['id']}")
    leaves(org, bob, site)
    bob.delete(f"/v1/posts/{gone['id']}")
    bob.delete(f"/v1/posts/{kept['id']}", 403)
    org.person("Eve").delete(f"/v1/posts/{gone['id']}", 403)


def test_whatever_was_queued(org: Organisation, site: str, bob: Phone) -> None:
    alert = alerts(org.admin, site)
    muster = org.admin.post(f"/v1/admin/places/{site}/musters", {"message": "Fire alarm"}, 201)
    door = code(org, marker(org, site))
    now = {"at": alert["created_at"]}
    batch = [
        queued("post", "client-01", scope_id=site, text="there", **now),
        queued("edit", "client-02", post_client_id="client-01", text="here", **now),
        queued("read", "client-03", scope_id=site, post_id=alert["id"], **now),
        queued("acknowledgement", "client-04", post_id=alert["id"], **now),
        queued("muster_answer", "client-05", muster_id=muster["id"], status="safe", **now),
        queued("check_in", "client-06", scanned="code", code=door, **now),
        queued("deletion", "client-07", post_client_id="client-01", **now),
        queued("check_out", "client-08", ago(), place_id=site),
    ]
    first = sends(bob, *batch)
    assert {result["status"] for result in first} == {200, 201, 204}
    leaves(org, bob, site)
    org.admin.post(f"/v1/musters/{muster['id']}/end")
    again = sends(bob, *batch)
    assert [result["status"] for result in again] == [result["status"] for result in first]
    assert [again[number]["body"]["text"] for number in (0, 1)] == [None, None]  # it was deleted since
    assert [again[number]["body"] for number in (2, 3)] == [first[number]["body"] for number in (2, 3)]
    assert again[4]["body"] == first[4]["body"] | {"ended_at": again[4]["body"]["ended_at"]}
    assert again[4]["body"]["ended_at"] is not None
    assert [visit["end_reason"] for visit in again[5]["body"]["visits"]] == ["checked_out"]
    assert all(result["repeated"] for result in again)


def test_a_word_in_a_roll_call_that_has_ended(org: Organisation, site: str, bob: Phone) -> None:
    muster = calls(org.admin, site)
    path = f"/v1/musters/{muster}/answer"
    word = {"status": "safe", "text": "in the yard", "point": {"type": "Point", "coordinates": [127.0, 37.5]}}
    said = bob.put(path, word)
    leaves(org, bob, site)
    org.admin.post(f"/v1/musters/{muster}/end")
    assert bob.put(path, word) == said | {"ended_at": bob.put(path, word)["ended_at"]}
    for other in ({**word, "status": "need_help"}, {**word, "point": None}):
        assert bob.put(path, other, 409)["code"] == "muster_ended"
    assert org.person("Eve").put(path, word, 409)["code"] == "muster_ended"
