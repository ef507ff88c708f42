"""Saying that one knows of a notice, and the account that managers see of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.stories.acknowledgements import acknowledges
from tests.stories.checkins import comes as scans_the_door
from tests.stories.notices import alerts, announces, time_passes
from tests.stories.phone_queue import queued, sends
from tests.stories.scopes import manager
from tests.stories.times import ago, ahead
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone, World


def account(phone: Phone, post: dict[str, Any], status: str) -> list[str]:
    path = f"/v1/admin/posts/{post['id']}/acknowledgements?status={status}"
    return sorted(entry["person"]["name"] for entry in phone.get(path)["items"])


def summary(phone: Phone, post: dict[str, Any]) -> tuple[int | None, ...]:
    got = phone.get(f"/v1/admin/posts/{post['id']}/acknowledgements/summary")
    return got["audience"], got["acknowledged"], got["silent"]


def test_a_manager_sees_who_has_acknowledged_and_who_is_silent(org: Organisation) -> None:
    site = org.site(admission="assigned")
    hanna = manager(org, "Hanna", site)
    bob, _mina = (org.person(name, scopes=[site]) for name in ("Bob", "Mina"))
    alert = alerts(hanna, site)
    assert summary(hanna, alert) == (2, 0, 2)
    said = acknowledges(bob, alert)
    assert acknowledges(bob, alert) == said
    assert bob.get("/v1/me/notices")["items"][0]["acknowledged_at"] == said["acknowledged_at"]
    assert summary(hanna, alert) == (2, 1, 1)
    assert (account(hanna, alert, "acknowledged"), account(hanna, alert, "silent")) == (["Bob"], ["Mina"])
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    assert summary(hanna, alert) == (1, 0, 1)
    assert account(hanna, alert, "acknowledged") == ["Bob"]


def test_only_ones_own_other_devices_hear_of_it(org: Organisation) -> None:
    bob, mina = org.person("Bob"), org.person("Mina")
    alert = alerts(org.admin, str(org.id))
    since = bob.get("/v1/me")["position"]
    said = acknowledges(bob, alert)
    tablet = org.signs_in("bob@example.com", "Bob")
    told = [event["data"] for event in tablet.syncs(since) if event["type"] == "acknowledgement.created"]
    assert told == [said]
    for phone in (mina, org.admin):
        assert "acknowledgement.created" not in [event["type"] for event in phone.syncs(0)]
    acknowledges(tablet, alert)
    assert len([event for event in bob.syncs(since) if event["type"] == "acknowledgement.created"]) == 1


def test_it_is_still_taken_after_the_end(org: Organisation) -> None:
    bob = org.person("Bob")
    alert = alerts(org.admin, str(org.id), valid_until=ahead(hours=1))
    org.admin.post(f"/v1/admin/posts/{alert['id']}/end")
    acknowledges(bob, alert)
    assert account(org.admin, alert, "acknowledged") == ["Bob"]


def test_what_does_not_ask_is_not_acknowledged(org: Organisation) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    deleted = alerts(org.admin, scope)
    org.admin.delete(f"/v1/posts/{deleted['id']}")
    for post, code in (
        (announces(org.admin, scope), "not_asked"),
        (org.admin.posts(scope, "plain"), "not_asked"),
        (alerts(org.admin, scope, asks_acknowledgement=False), "not_asked"),
        (deleted, "post_deleted"),
    ):
        assert acknowledges(bob, post, 409)["code"] == code


def test_what_one_may_not_read_is_not_there(org: Organisation, world: World) -> None:
    site = org.site(admission="assigned")
    bob, eve = org.person("Bob", scopes=[site]), org.person("Eve")
    alert = alerts(org.admin, site)
    for phone in (eve, world.organisation().admin):
        acknowledges(phone, alert, 404)
    acknowledges(bob, {"id": site}, 404)
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    acknowledges(bob, alert, 404)
    assert account(org.admin, alert, "acknowledged") == []


def test_one_who_came_later_owes_no_word_for_what_was_said_before(org: Organisation) -> None:
    site = org.site(admission="present", history="since_entry")
    bob = org.person("Bob")
    before = alerts(org.admin, site, "before")
    is_seen(org, bob, site)
    since = alerts(org.admin, site, "since")
    org.world.relays()
    assert [summary(org.admin, alert) for alert in (before, since)] == [(0, 0, 0), (None, None, None)]
    acknowledges(bob, before)  # it still holds, so they may


def test_the_account_is_for_those_who_manage(org: Organisation, world: World) -> None:
    site, other = org.site(admission="open"), org.site("Other")
    bob, hanna = org.person("Bob", scopes=[site]), manager(org, "Hanna", other)
    alert = alerts(org.admin, site)
    path = f"/v1/admin/posts/{alert['id']}/acknowledgements"
    for tail in ("?status=silent", "?status=acknowledged", "/summary"):
        bob.get(path + tail, 403)
        hanna.get(path + tail, 403)
        world.organisation().admin.get(path + tail, 404)
    org.admin.get(f"{path}?status=asleep", 422)
    plain = org.admin.posts(site, "plain")
    org.admin.get(f"/v1/admin/posts/{plain['id']}/acknowledgements/summary", 409)


def comes(org: Organisation, name: str, place: str) -> Phone:
    phone = org.person(name)
    scans_the_door(org, phone, place)
    return phone


def test_who_is_asked_for_being_there_is_never_named_as_silent(org: Organisation) -> None:
    site = org.site(admission="present")
    org.person("Mina", scopes=[site])
    there = [comes(org, name, site) for name in ("Bob", "Jon", "Kim", "Lea", "Noa")]
    alert = alerts(org.admin, site)
    assert account(org.admin, alert, "silent") == ["Mina"]
    assert summary(org.admin, alert) == (6, 0, 6)
    acknowledges(there[0], alert)
    assert account(org.admin, alert, "silent") == ["Mina"]
    assert account(org.admin, alert, "acknowledged") == ["Bob"], "he said so himself"
    assert summary(org.admin, alert) == (6, None, None), "four silent, or one who is not, are persons"


def test_so_few_are_no_number(org: Organisation) -> None:
    site = org.site(admission="present")
    org.person("Mina", scopes=[site])
    alert = alerts(org.admin, site)
    assert summary(org.admin, alert) == (1, 0, 1)
    comes(org, "Bob", site)
    assert summary(org.admin, alert) == (None, None, None)


def test_a_site_that_shows_numbers_names_none_who_may_be_there(org: Organisation) -> None:
    site, mina = org.site(admission="present"), org.person("Mina")
    charter = {"purpose": "To know how many are there.", "aggregate_only": True}
    org.admin.put(f"/v1/admin/sites/{site}/charter", charter)
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{mina.id}", {"role": "member"})
    bob = comes(org, "Bob", site)
    alert = alerts(org.admin, site)
    assert account(org.admin, alert, "silent") == ["Mina"]
    for phone in (bob, mina):
        acknowledges(phone, alert)
    assert account(org.admin, alert, "acknowledged") == ["Mina"]
    assert summary(org.admin, alert) == (None, None, None)


def test_what_somebody_gave_their_word_on_keeps_its_words(org: Organisation) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    alert, other = alerts(org.admin, scope), announces(org.admin, scope)
    path = f"/v1/posts/{alert['id']}"
    org.admin.patch(path, {"text": "Gas leak in hall 2"})
    acknowledges(bob, alert)
    assert org.admin.patch(path, {"text": "No gas leak"}, 409)["code"] == "notice_asks"
    assert bob.get(path)["text"] == "Gas leak in hall 2"
    org.admin.patch(f"/v1/posts/{other['id']}", {"text": "new words"})
    org.admin.delete(path)


@pytest.mark.parametrize(
    "change", ["UPDATE acknowledgements SET person_id = person_id", "DELETE FROM acknowledgements"]
)
def test_the_webs_role_can_undo_nobodys_word(org: Organisation, world: World, change: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), world.web.transaction() as session:
        session.execute(text(change))


def test_an_account_comes_in_pages(org: Organisation) -> None:
    alert = alerts(org.admin, str(org.id))
    for name in ("Bob", "Mina", "Jon"):
        org.person(name)
    path = f"/v1/admin/posts/{alert['id']}/acknowledgements?status=silent&limit=2"
    first = org.admin.get(path)
    rest = org.admin.get(f"{path}&cursor={first['next']}")
    names = [entry["person"]["name"] for entry in first["items"] + rest["items"]]
    assert (len(first["items"]), sorted(names), rest["next"]) == (2, ["Bob", "Jon", "Mina"], None)


def test_a_word_that_waited_on_a_phone_counts_from_when_it_was_given(org: Organisation, world: World) -> None:
    bob = org.person("Bob")
    alert, plain = alerts(org.admin, str(org.id)), org.admin.posts(str(org.id), "plain")
    time_passes(world, alert, hours=4)
    given = ago(hours=3)
    item = queued("acknowledgement", "client-01", given, post_id=alert["id"])
    done, refused, unread = sends(
        bob,
        item,
        queued("acknowledgement", "client-02", post_id=plain["id"]),
        queued("acknowledgement", "client-03", post_id=str(org.id)),
    )
    waited = datetime.fromisoformat(done["body"]["acknowledged_at"]) - datetime.fromisoformat(given)
    assert abs(waited) < timedelta(seconds=5)
    assert (refused["problem"]["code"], unread["status"]) == ("not_asked", 404)
    assert sends(bob, item)[0]["repeated"]
    assert acknowledges(bob, alert) == done["body"]
    [late] = sends(
        org.person("Mina"), queued("acknowledgement", "client-01", ago(days=3), post_id=alert["id"])
    )
    assert (late["status"], late["doubt"]) == (200, "item_too_old")
