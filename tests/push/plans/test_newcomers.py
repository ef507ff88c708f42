"""What still holds is told to who comes later, also where one reads from one's entry on; all else is not."""

import pytest

from social.notices import end_expired_notices
from tests.push.outgoing import goes_out
from tests.stories.acknowledgements import acknowledges
from tests.stories.checkins import comes
from tests.stories.notices import alerts, announces, open_for, time_passes
from tests.stories.pushes import followed, reachable
from tests.stories.times import ahead
from tests.world import Organisation, World


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return followed(fresh_world)


def test_a_newcomer_is_told_reads_and_acknowledges_what_still_holds(org: Organisation) -> None:
    site = org.site(admission="present", history="since_entry")
    gas = alerts(org.admin, site, "Gas")
    closed = announces(org.admin, site, "Closed", valid_until=ahead(hours=8))
    post, no_end = org.admin.posts(site, "Hello"), announces(org.admin, site, "Welcome")
    bob = reachable(org, "Bob")
    for one in (gas, closed):
        bob.get(f"/v1/posts/{one['id']}", 403)
    comes(org, bob, site)
    pushes, dropped = goes_out(org)
    assert {push.data["post_id"] for push in pushes} == {gas["id"], closed["id"]}
    assert dropped == []
    assert open_for(bob) == ["Closed", "Gas"]
    notices = bob.get(f"/v1/sites/{site}/bundle")["notices"]
    assert [notice["post"]["text"] for notice in notices] == ["Closed", "Gas"]
    assert bob.get(f"/v1/posts/{gas['id']}") == gas
    for one in (post, no_end):
        bob.get(f"/v1/posts/{one['id']}", 404)
    assert bob.feed() == []
    acknowledges(bob, gas)


def test_what_was_over_before_they_came_is_neither_told_nor_read(org: Organisation) -> None:
    site = org.site(admission="present", history="since_entry")
    ended, deleted, late = (alerts(org.admin, site, text) for text in ("ended", "deleted", "late"))
    org.admin.post(f"/v1/admin/posts/{ended['id']}/end")
    org.admin.delete(f"/v1/posts/{deleted['id']}")
    time_passes(org.world, late, hours=25)
    bob = reachable(org, "Bob")
    comes(org, bob, site)
    assert goes_out(org) == ([], [])
    assert open_for(bob) == []
    for one in (ended, deleted, late):
        bob.get(f"/v1/posts/{one['id']}", 404)
        bob.put(f"/v1/posts/{one['id']}/acknowledgement", status=404)


def test_who_is_not_there_or_left_reads_nothing_and_an_end_takes_it_from_the_newcomer(
    org: Organisation,
) -> None:
    site = org.site(admission="present", history="since_entry", grace_seconds=0)
    gas = alerts(org.admin, site, "Gas")
    bob, eve = reachable(org, "Bob"), reachable(org, "Eve")
    comes(org, bob, site)
    bob.get(f"/v1/posts/{gas['id']}")
    eve.get(f"/v1/posts/{gas['id']}", 403)
    org.world.organisation("Other").admin.get(f"/v1/posts/{gas['id']}", 404)
    time_passes(org.world, gas, hours=25)
    with org.world.worker.transaction() as session:
        end_expired_notices(session)
    bob.get(f"/v1/posts/{gas['id']}", 404)
    assert goes_out(org)[0] == []
