"""What somebody has read or acknowledged on one phone goes from the others, and what an edit does to those it names."""

from uuid import UUID

import pytest

from push.plans.known import MOST
from tests.stories.acknowledgements import acknowledges
from tests.stories.directs import talks_with
from tests.stories.notices import alerts, announces
from tests.stories.pushes import gets_address, plans, reachable, rows, sent, told
from tests.stories.reads import reads_up_to, unread
from tests.world import Organisation


class Bob:
    """Somebody with two phones on which pushes are shown."""

    def __init__(self, org: Organisation, *scopes: str) -> None:
        self.org = org
        self.phone = reachable(org, "Bob", *scopes)
        self.tablet = gets_address(org.signs_in("bob@example.com", "Bob"))
        self.on_tablet = UUID(self.tablet.get("/v1/me")["device"]["id"])

    def taken_down(self, post: dict[str, str]) -> list[UUID]:
        """The devices from which a post is withdrawn."""
        plans(self.org.world)
        return [row.device_id for row in rows(self.org, post) if row.action == "withdraw"]


@pytest.fixture
def site(org: Organisation) -> str:
    return org.site(admission="assigned")


@pytest.fixture
def bob(org: Organisation, site: str) -> Bob:
    return Bob(org, site)


def test_what_is_read_on_the_phone_goes_from_the_tablet_alone(org: Organisation, site: str, bob: Bob) -> None:
    post, later = org.admin.posts(site, "read"), org.admin.posts(site, "not yet", mentions=[bob.phone.id])
    for each in (post, later):
        sent(org, each)
    reads_up_to(bob.phone, post)
    assert (bob.taken_down(post), bob.taken_down(later)) == ([bob.on_tablet], [])
    reads_up_to(bob.phone, later)
    assert bob.taken_down(later) == [bob.on_tablet]
    assert bob.taken_down(post) == [bob.on_tablet], "and nothing twice"


def test_of_many_messages_the_one_that_is_shown_is_taken_down_and_of_the_rest_a_few(
    org: Organisation, site: str, bob: Bob
) -> None:
    messages = [org.admin.posts(site, f"{number}") for number in range(5)]
    named = [org.admin.posts(site, f"{number}", mentions=[bob.phone.id]) for number in range(MOST + 3)]
    for post in (*messages, *named):
        sent(org, post)
    reads_up_to(bob.phone, messages[-1])
    assert [bob.taken_down(post) for post in messages] == [[], [], [], [], [bob.on_tablet]]
    reads_up_to(bob.phone, named[-1])
    gone = [post for post in (*messages, *named) if bob.taken_down(post)]
    assert gone == [messages[-1], *named[-MOST:]]


def test_what_is_read_in_one_scope_leaves_the_others_alone(org: Organisation, site: str, bob: Bob) -> None:
    elsewhere = org.admin.posts(str(org.id), "elsewhere")
    post = org.admin.posts(site, "here")
    for each in (elsewhere, post):
        sent(org, each)
    reads_up_to(bob.phone, post)
    assert (bob.taken_down(elsewhere), bob.taken_down(post)) == ([], [bob.on_tablet])


def test_an_alert_that_asks_goes_when_it_is_acknowledged_and_not_when_it_is_read(
    org: Organisation, site: str, bob: Bob
) -> None:
    carol = reachable(org, "Carol", site)
    alert = alerts(org.admin, site)
    sent(org, alert)
    reads_up_to(bob.phone, alert)
    assert bob.taken_down(alert) == []
    acknowledges(bob.phone, alert)
    assert bob.taken_down(alert) == [bob.on_tablet]
    acknowledges(carol, alert)
    assert bob.taken_down(alert) == [bob.on_tablet], "who has one phone gets no push for having used it"


def test_whom_an_edit_names_is_told_once(org: Organisation, site: str) -> None:
    bob, carol = reachable(org, "Bob", site), reachable(org, "Carol", site)
    post = org.admin.posts(site, "who can help?", mentions=[carol.id])
    sent(org, post)
    reads_up_to(bob, post)
    for _ in range(2):
        org.admin.patch(f"/v1/posts/{post['id']}", {"text": "Bob?", "mentions": [carol.id, bob.id]})
        assert told(org, post) == {("Bob", "mention")}
    assert unread(bob, site) == (0, 1), "that it names him he has not read"
    page = bob.get(f"/v1/scopes/{site}/posts")
    bob.put(f"/v1/scopes/{site}/read", {"post_id": post["id"], "position": page["position"]})
    assert unread(bob, site) == (0, 0)


def test_who_was_still_to_be_told_of_the_post_is_told_of_being_named_alone(
    org: Organisation, site: str
) -> None:
    bob = reachable(org, "Bob", site)
    post = org.admin.posts(site, "who can help?")
    assert told(org, post) == {("Bob", "message")}
    org.admin.patch(f"/v1/posts/{post['id']}", {"text": "Bob?", "mentions": [bob.id]})
    assert told(org, post) == {("Bob", "mention")}
    assert [row.reason for row in rows(org, post) if row.status == "dropped"] == ["named_since"]


def test_an_edit_names_nobody_whom_the_post_does_not_reach_or_who_wants_none(
    org: Organisation, site: str
) -> None:
    loud, quiet = reachable(org, "Loud", site), reachable(org, "Quiet", site)
    quiet.patch(f"/v1/me/memberships/{site}", {"level": "announcements"})
    post = loud.posts(site, "hm")
    loud.patch(f"/v1/posts/{post['id']}", {"text": "hm!", "mentions": [loud.id, quiet.id]})
    assert told(org, post) == set()


def test_in_a_conversation_and_of_a_notice_everybody_has_heard(org: Organisation, site: str) -> None:
    alice, bob = reachable(org, "Alice", site), reachable(org, "Bob", site)
    direct = alice.posts(talks_with(alice, bob), "hello")
    notice = announces(org.admin, site, "Water off")
    for post in (direct, notice):
        sent(org, post)
    alice.patch(f"/v1/posts/{direct['id']}", {"text": "hello Bob", "mentions": [bob.id]})
    org.admin.patch(f"/v1/posts/{notice['id']}", {"text": "Water off, Bob", "mentions": [bob.id]})
    assert told(org, direct) == told(org, notice) == set()


def test_whom_an_edit_names_no_longer_has_it_taken_back(org: Organisation, site: str) -> None:
    bob, carol = reachable(org, "Bob", site), reachable(org, "Carol", site)
    post = org.admin.posts(site, "Bob and Carol?", mentions=[bob.id, carol.id])
    sent(org, post)
    org.admin.patch(f"/v1/posts/{post['id']}", {"text": "Carol?", "mentions": [carol.id]})
    assert told(org, post, "withdraw") == {("Bob", "mention")}


def test_the_badge_counts_what_one_wants_to_hear_of(org: Organisation) -> None:
    sites = {
        level: org.site(level, admission="assigned")
        for level in ("all", "mentions", "announcements", "nothing")
    }
    bob = org.person("Bob", scopes=list(sites.values()))
    for level, site in sites.items():
        bob.patch(f"/v1/me/memberships/{site}", {"level": level})
        mine = bob.posts(site, "mine")
        for say in (org.admin.posts, announces, alerts):
            say(*(() if say == org.admin.posts else (org.admin,)), site, level)
        org.admin.posts(site, "to Bob", mentions=[bob.id])
        org.admin.posts(site, "to Bob, too", parent_id=mine["id"], mentions=[bob.id])
        org.admin.posts(site, "a reply", parent_id=mine["id"])
    assert bob.get("/v1/me/unread")["badge"] == 6 + 5 + 2 + 1
    org.world.relays()
    assert bob.get("/v1/me/unread")["badge"] == 6 + 5 + 2 + 1, "also where the journal has told of it"
    bob.patch(f"/v1/me/memberships/{sites['all']}", {"muted_until": "2099-01-01T00:00:00Z"})
    assert bob.get("/v1/me/unread")["badge"] == 1 + 5 + 2 + 1
