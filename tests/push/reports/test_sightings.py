"""What was seen live counts for whoever may read it; and a connected phone is known to be."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from base import clock
from live.hub import Hub
from live.seen import Seen
from live.subscribers import Subscriber
from people.models import Device
from push.models import Sighting
from tests.stories.checkins import code, marker, scans
from tests.stories.notices import announces
from tests.stories.pushes import plans, reachable, set_all, set_device, told
from tests.stories.times import ahead
from tests.world import Organisation, Phone


class Deaf:
    """A socket that nothing is sent to."""

    def send_all(self, outgoing: object) -> None:
        raise AssertionError(outgoing)


class Live:
    """One web process without its sockets."""

    def __init__(self, org: Organisation) -> None:
        self.hub, self.org = Hub(), org
        self.seen = Seen(org.world.web, self.hub)

    def connects(self, phone: Phone) -> str:
        subscriber = Subscriber(
            phone.name, Deaf(), UUID(phone.id), UUID(phone.session_id), self.org.id, 0, float("inf")
        )
        assert self.hub.admit(subscriber, [])
        return phone.name


def seen_by(phone: Phone) -> set[str]:
    with phone.organisation.world.worker.transaction() as session:
        return {
            str(id)
            for id in session.scalars(select(Sighting.subject_id).where(Sighting.person_id == phone.id))
        }


@pytest.fixture
def live(org: Organisation) -> Live:
    return Live(org)


def test_only_what_one_may_read_is_seen(org: Organisation, live: Live) -> None:
    mine, others = org.site(admission="assigned"), org.site(admission="assigned")
    bob = org.person("Bob", scopes=[mine])
    stranger = org.world.organisation("Other")
    here, gone = org.admin.posts(mine, "hello"), org.admin.posts(mine, "oops")
    org.admin.delete(f"/v1/posts/{gone['id']}")
    there = org.admin.posts(others, "secret")
    far = stranger.admin.posts(str(stranger.id), "theirs")
    ids = [here["id"], gone["id"], there["id"], far["id"], str(uuid4())]
    sid = live.connects(bob)
    assert live.seen.take(sid, {"post_ids": ids}) == {"ok": True}
    assert seen_by(bob) == {here["id"]}
    org.admin.delete(f"/v1/admin/scopes/{mine}/memberships/{bob.id}")
    later = org.admin.posts(mine, "after")
    live.seen.take(sid, {"post_ids": [later["id"], here["id"]]})
    assert seen_by(bob) == {here["id"]}


@pytest.mark.parametrize(
    "said", [None, [], "x", {}, {"post_ids": []}, {"post_ids": "x"}, {"post_ids": [str(uuid4())] * 51}]
)
def test_what_is_no_list_of_posts_is_refused(org: Organisation, live: Live, said: object) -> None:
    sid = live.connects(org.person("Bob"))
    assert live.seen.take(sid, said) == {"ok": False, "code": "invalid"}


def test_what_is_no_id_is_passed_over_and_the_others_are_seen(org: Organisation, live: Live) -> None:
    bob = org.person("Bob")
    post, sid = org.admin.posts(str(org.id), "hello"), live.connects(bob)
    assert live.seen.take(sid, {"post_ids": ["x", None]}) == {"ok": True}
    assert seen_by(bob) == set()
    assert live.seen.take(sid, {"post_ids": ["x", post["id"], {}]}) == {"ok": True}
    assert seen_by(bob) == {post["id"]}


def test_a_socket_that_says_too_much_is_told(org: Organisation, live: Live) -> None:
    sid, other = live.connects(org.person("Bob")), live.connects(org.person("Mina"))
    answers = [live.seen.take(sid, None)["code"] for _ in range(21)]
    assert answers == ["invalid"] * 20 + ["too_many_requests"]
    assert live.seen.take(other, None)["code"] == "invalid"
    assert live.seen.take("nobody", None) == {"ok": False, "code": "not_ready"}


def test_what_was_seen_is_not_told_on_entering(org: Organisation, live: Live) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    notice = announces(org.admin, site, valid_until=ahead(hours=8))
    set_all(org, notice, status="dropped")
    live.seen.take(live.connects(bob), {"post_ids": [notice["id"]]})
    scans(bob, code(org, marker(org, site)))
    plans(org.world)
    assert told(org, notice) == set()


def test_connected_devices_are_written_down_and_no_others(org: Organisation, live: Live) -> None:
    bob, mina = org.person("Bob"), org.person("Mina")
    for phone in (bob, mina):
        set_device(phone, last_seen_at=clock.now() - timedelta(hours=1))
    live.connects(bob)
    live.seen.mark()
    with org.world.worker.transaction() as session:
        late = select(Device.person_id).where(Device.last_seen_at > clock.now() - timedelta(minutes=1))
        recent = {str(person) for person in session.scalars(late.where(Device.organisation_id == org.id))}
    assert bob.id in recent
    assert mina.id not in recent
