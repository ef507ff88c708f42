"""Announcements and alerts: raised by managers, heard by everyone of the scope, and over when they are over."""

from datetime import UTC, datetime, timedelta

from social.notices import end_expired_notices
from tests.stories.checkins import code, marker
from tests.stories.notices import alerts, announces, open_for, time_passes
from tests.stories.scopes import manager
from tests.stories.times import ahead
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, World


def test_an_alert_is_a_post_that_everyone_of_the_place_hears(org: Organisation) -> None:
    site = org.site(admission="assigned")
    hanna, bob = manager(org, "Hanna", site), org.person("Bob", scopes=[site])
    since = bob.get("/v1/me")["position"]
    alert = alerts(hanna, site)
    assert (alert["kind"], alert["asks_acknowledgement"], alert["ended_at"]) == ("alert", True, None)
    lasts = datetime.fromisoformat(alert["valid_until"]) - datetime.now(UTC)
    assert timedelta(hours=23) < lasts <= timedelta(hours=24)
    told = [event["data"] for event in bob.syncs(since) if event["type"] == "post.created"]
    assert told == [alert]
    assert bob.feed() == ["Gas leak"]
    assert bob.get("/v1/me/notices")["items"] == [{"post": alert, "acknowledged_at": None}]
    bob.posts(site, "We are out", parent_id=alert["id"])


def test_an_announcement_stays_until_somebody_ends_it(org: Organisation) -> None:
    site = org.site(admission="open")
    org.zone(site)
    bob = org.person("Bob", scopes=[site])
    announcement = announces(org.admin, site, mentions=[bob.id])
    plain = (announcement["kind"], announcement["asks_acknowledgement"], announcement["valid_until"])
    assert plain == ("announcement", False, None)
    assert bob.get(f"/v1/sites/{site}/bundle")["notices"][0]["post"] == announcement
    since = bob.get("/v1/me")["position"]
    over = org.admin.post(f"/v1/admin/posts/{announcement['id']}/end")
    assert over["ended_at"] is not None
    assert over["version"] == announcement["version"] + 1
    assert org.admin.post(f"/v1/admin/posts/{announcement['id']}/end") == over
    told = [event["data"] for event in bob.syncs(since) if event["type"] == "post.updated"]
    assert told == [over]
    assert open_for(bob) == []
    assert bob.get(f"/v1/sites/{site}/bundle")["notices"] == []
    bob.posts(site, "Thanks", parent_id=announcement["id"])


def test_a_notice_ends_by_itself_once_and_says_so(fresh_world: World) -> None:
    world, org = fresh_world, fresh_world.organisation()
    bob = org.person("Bob")
    kept = announces(org.admin, str(org.id), "all week", valid_until=ahead(days=7))
    short = announces(org.admin, str(org.id), "an hour", valid_until=ahead(hours=1))
    assert open_for(bob) == ["an hour", "all week"]
    since = bob.get("/v1/me")["position"]
    time_passes(world, short, hours=1)
    assert open_for(bob) == ["all week"]
    with world.worker.transaction() as one, world.worker.transaction() as other:
        assert (end_expired_notices(one), end_expired_notices(other)) == (1, 0)
    with world.worker.transaction() as session:
        assert end_expired_notices(session) == 0
    [told] = [event for event in bob.syncs(since) if event["type"] == "post.updated"]
    assert (told["data"]["id"], told["actor_id"]) == (short["id"], None)
    assert told["data"]["ended_at"] is not None
    assert org.admin.get(f"/v1/posts/{kept['id']}")["ended_at"] is None


def test_who_does_not_manage_raises_nothing(org: Organisation, world: World) -> None:
    site, other = org.site(admission="open"), org.site("Other", admission="assigned")
    bob, hanna = org.person("Bob", scopes=[site]), manager(org, "Hanna", other)
    vera = comes_as_visitor(org, code(org, marker(org, site, "printed", admits_visitors_hours=1)))
    stranger = world.organisation().admin
    for raises in (alerts, announces):
        for phone, scope, status in (
            (bob, site, 403),
            (bob, other, 404),
            (bob, str(org.id), 403),
            (hanna, site, 403),
            (hanna, str(org.id), 403),
            (vera, site, 403),
            (vera, str(org.id), 404),
            (stranger, site, 404),
        ):
            raises(phone, scope, status=status)
    bob.posts(site, "me too", status=422, kind="alert")
    bob.posts(site, "me too", status=422, asks_acknowledgement=True)
    assert org.admin.reads(site) == []


def test_who_does_not_manage_ends_nothing(org: Organisation, world: World) -> None:
    site = org.site(admission="open")
    bob, eve = org.person("Bob", scopes=[site]), org.person("Eve")
    alert, post = alerts(org.admin, site), bob.posts(site, "plain")
    path = f"/v1/admin/posts/{alert['id']}/end"
    bob.post(path, status=403)
    eve.post(path, status=403)
    world.organisation().admin.post(path, status=404)
    assert org.admin.post(f"/v1/admin/posts/{post['id']}/end", status=409)["code"] == "not_a_notice"
    org.admin.delete(f"/v1/posts/{alert['id']}")
    assert org.admin.post(path, status=409)["code"] == "post_deleted"
    assert open_for(bob) == []


def test_a_manager_of_before_does_not_speak_for_the_managers(org: Organisation) -> None:
    site = org.site(admission="assigned")
    hanna = manager(org, "Hanna", site)
    alert = alerts(hanna, site)
    hanna.patch(f"/v1/posts/{alert['id']}", {"text": "Gas leak, hall 2"})
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{hanna.id}", {"role": "member"})
    hanna.patch(f"/v1/posts/{alert['id']}", {"text": "False alarm"}, 403)
    assert org.admin.reads(site) == ["Gas leak, hall 2"]


def test_a_repeated_client_id_raises_one(org: Organisation) -> None:
    site = org.site()
    first = alerts(org.admin, site, client_id="desk-0001")
    assert alerts(org.admin, site, status=200, client_id="desk-0001") == first
    for refused in (
        announces(org.admin, site, status=422, client_id="desk-0001"),
        org.admin.posts(site, "plain", status=422, client_id="desk-0001"),
    ):
        assert refused["code"] == "client_id_reused"
    again = {"Idempotency_Key": "a-key-of-the-desk"}
    path, body = f"/v1/admin/scopes/{site}/alerts", {"text": "Fire"}
    assert org.admin.post(path, body, 201, **again) == org.admin.post(path, body, 201, **again)
    assert org.admin.reads(site) == ["Fire", "Gas leak"]


def test_an_end_lies_ahead_and_not_too_far(org: Organisation) -> None:
    for raises in (alerts, announces):
        for until in (ahead(minutes=-1), ahead(days=400), "tomorrow"):
            refused = raises(org.admin, str(org.id), status=422, valid_until=until)
            assert refused["errors"][0]["pointer"] == "/valid_until"


def test_notices_reach_nobody_but_those_of_the_scope(org: Organisation, world: World) -> None:
    site, away = org.site(admission="assigned"), org.site("Away", admission="open")
    bob, eve = org.person("Bob", scopes=[site]), org.person("Eve")
    alerts(org.admin, site, "secret")
    alerts(org.admin, away, "open")
    assert (open_for(bob), open_for(eve), open_for(world.organisation().admin)) == (["secret"], [], [])
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    assert open_for(bob) == []


def test_open_notices_come_in_pages(org: Organisation) -> None:
    for number in range(5):
        announces(org.admin, str(org.id), f"notice {number}")
    seen, path = [], "/v1/me/notices?limit=2"
    page = org.admin.get(path)
    while page["items"]:
        seen += [notice["post"]["text"] for notice in page["items"]]
        page = org.admin.get(f"{path}&cursor={page['next']}") if page["next"] else {"items": []}
    assert seen == [f"notice {number}" for number in (4, 3, 2, 1, 0)]


def test_a_retry_after_the_end_gets_the_first_one(org: Organisation) -> None:
    scope = str(org.id)
    for path in ("alerts", "announcements"):
        draft = {"text": "Gas leak", "valid_until": ahead(hours=1), "client_id": f"{path}-01"}
        first = org.admin.post(f"/v1/admin/scopes/{scope}/{path}", draft, 201)
        past = {**draft, "valid_until": ahead(hours=-1)}
        assert org.admin.post(f"/v1/admin/scopes/{scope}/{path}", past, 200)["id"] == first["id"]
        org.admin.post(f"/v1/admin/scopes/{scope}/{path}", {**past, "client_id": f"{path}-02"}, 422)
