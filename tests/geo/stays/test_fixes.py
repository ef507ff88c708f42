"""Fixes, visits and presence: people walk in and out, whether places are looked up in the database or in an index."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from geo.lookup.index import PlaceIndex
from geo.lookup.indexes import PlaceIndexes, load
from geo.models.stays import DevicePosition
from geo.stays.admission import end_expired_memberships
from people.models import Membership
from tests.stories.fixes import FAR, GATE, fix, stands
from tests.stories.visits import places_of
from tests.world import World


@pytest.fixture(params=["database", "index"], autouse=True)
def looked_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every story holds with either; the index is one that is never behind."""
    if request.param == "database":
        yield
        return
    fresh = "fresh_world" in request.fixturenames
    world: World = request.getfixturevalue("fresh_world" if fresh else "world")
    world.app.extensions["hereabouts_place_indexes"] = AlwaysBuilt(world.web)
    yield
    del world.app.extensions["hereabouts_place_indexes"]


class AlwaysBuilt(PlaceIndexes):
    """Indexes that are built anew for every request."""

    def current(self, _session: Session, organisation_id: UUID) -> PlaceIndex:
        return load(self._database, organisation_id)


def test_walking_in_opens_the_feed_and_walking_out_closes_it(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE, grace_seconds=0)
    alice = org.person("Alice")
    now = time.time()
    alice.get(f"/v1/scopes/{site}/posts", 403)
    entered = stands(alice, GATE, now - 300)
    assert [visit["left_at"] for visit in entered] == [None]
    assert places_of(alice) == [site]
    alice.posts(site, "I am here")
    left = stands(alice, FAR, now)
    assert left[0]["left_at"] is not None
    assert places_of(alice) == []
    assert alice.posts(site, "and gone", 403)["code"] == "not_a_member"
    assert alice.get(f"/v1/scopes/{site}/posts", 403)["code"] == "not_a_member"
    assert alice.feed() == []


def test_the_grace_time_runs_before_the_membership_ends(fresh_world: World) -> None:
    world = fresh_world
    org = world.organisation()
    site = org.site(at=GATE, grace_seconds=600)
    alice = org.person("Alice")
    stands(alice, GATE, time.time() - 120)
    stands(alice, FAR, time.time())
    alice.posts(site, "only a smoke")
    membership = alice.get("/v1/me/places")["memberships"][0]
    assert membership["ends_at"] is not None
    with world.worker.transaction() as session:
        assert end_expired_memberships(session) == 0
        mine = Membership.id == membership["id"]
        session.execute(update(Membership).where(mine).values(ends_at=text("now() - interval '1 second'")))
    alice.posts(site, "too late", 403)
    with world.worker.transaction() as session:
        assert end_expired_memberships(session) == 1
    assert [event["type"] for event in alice.syncs(0)][-1] == "membership.ended"


def test_coming_back_within_the_grace_time_ends_nothing(world: World) -> None:
    org = world.organisation()
    org.site(at=GATE, grace_seconds=600)
    alice = org.person("Alice")
    for where, ago in ((GATE, 240), (FAR, 120), (GATE, 0)):
        stands(alice, where, time.time() - ago)
    assert alice.get("/v1/me/places")["memberships"][0]["ends_at"] is None
    types = [event["type"] for event in alice.syncs(0) if event["type"].startswith("membership")]
    assert types == ["membership.started"]


def test_order_and_repeats_in_a_batch_do_not_matter(world: World) -> None:
    org = world.organisation()
    org.site(at=GATE)
    now = time.time()
    fixes = [fix(now - 10 * i, GATE) for i in range(20)]
    shuffled = fixes[::2] + fixes[1::2] + fixes
    alice = org.person("Alice")
    report = alice.post("/v1/me/fixes", {"fixes": shuffled})
    assert report["accepted"] == 40
    assert len(report["visits"]) == 1
    assert alice.post("/v1/me/fixes", {"fixes": fixes})["visits"] == []


def test_fixes_of_1970_and_of_the_future_are_refused_one_by_one(world: World) -> None:
    alice = world.organisation().person("Alice")
    fixes = [fix(0, GATE), fix(time.time() + 3600, GATE), fix(time.time(), GATE)]
    report = alice.post("/v1/me/fixes", {"fixes": fixes})
    assert report["accepted"] == 1
    assert report["refused"] == [
        {"index": 0, "code": "fix_too_old", "detail": None},
        {"index": 1, "code": "fix_in_future", "detail": None},
    ]


def test_a_clock_that_is_an_hour_ahead_is_set_right_by_the_time_of_sending(world: World) -> None:
    org = world.organisation()
    org.site(at=GATE)
    alice = org.person("Alice")
    ahead = time.time() + 3600
    sent_at = datetime.fromtimestamp(ahead, UTC).isoformat()
    report = alice.post("/v1/me/fixes", {"sent_at": sent_at, "fixes": [fix(ahead - 5, GATE)]})
    entered = datetime.fromisoformat(report["visits"][0]["entered_at"]).timestamp()
    assert ahead - 3606 <= entered <= time.time() - 4


def test_a_made_up_position_is_marked_and_opens_nothing(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    visits = stands(alice, GATE, time.time(), mock=True)
    assert [visit["doubtful"] for visit in visits] == [True]
    alice.get(f"/v1/scopes/{site}/posts", 403)


def test_only_the_last_fix_is_kept(world: World) -> None:
    org = world.organisation()
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    with world.worker.transaction() as session:
        rows = session.scalars(select(DevicePosition).where(DevicePosition.organisation_id == org.id)).all()
    assert len(rows) == 1


def test_the_manager_sees_who_is_there(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    present = org.admin.get(f"/v1/admin/sites/{site}/present?reason=shift+handover")["items"]
    assert [visit["person"]["name"] for visit in present] == ["Alice"]


def test_places_of_others_are_never_entered(world: World) -> None:
    theirs = world.organisation()
    theirs.site(at=GATE)
    alice = world.organisation().person("Alice")
    assert stands(alice, GATE, time.time()) == []


def test_a_newcomer_reads_from_entry_on_where_the_zone_says_so(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE, history="since_entry")
    old = org.admin.posts(site, "before")
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    org.admin.posts(site, "after")
    org.admin.patch(f"/v1/posts/{old['id']}", {"text": "before, edited"})
    assert alice.reads(site) == ["after"]
    alice.get(f"/v1/posts/{old['id']}", 404)
    texts = [event["data"].get("text") for event in alice.syncs(0) if event["type"].startswith("post.")]
    assert texts == ["after"]
