"""What is read follows the order in which things could be seen, whatever clocks say and however long something lasts.

Who says that they have read up to a post has seen what the journal told of before it, and nothing else counts as read.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stories.order import Open, counted_as_read, shown
from tests.stories.pushes import plans, reachable, rows
from tests.stories.reads import reads_up_to, unread
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone

SKEWS = [-90.0, -2.0, 0.0, 2.0, 70 * 86_400.0]


def test_a_batch_that_lasts_is_unread_though_somebody_read_what_was_said_meanwhile(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, amy, cho = reachable(org, "Bob", site), *(org.person(name, scopes=[site]) for name in ("Amy", "Cho"))
    batch = Open(amy).writes(site, 50).writes(site, 1, bob).writes(site, 20)
    meanwhile = cho.posts(site, "said while the batch is on its way")
    org.world.relays()
    reads_up_to(bob, meanwhile)
    written = batch.commits()
    assert unread(bob, site) == (71, 1), "before the journal has told of them"
    plans(org.world)
    assert unread(bob, site) == (71, 1)
    assert counted_as_read(bob, site) == {meanwhile["id"]}
    assert [len(rows(org, {"id": post})) for post in written] == [1] * 71, "each is told, and once"


def test_what_was_fetched_before_the_journal_told_of_it_reads_nothing_that_came_later(
    org: Organisation,
) -> None:
    site = org.site(admission="assigned")
    bob, amy, cho = (org.person(name, scopes=[site]) for name in ("Bob", "Amy", "Cho"))
    org.world.relays()
    first = Open(amy).writes(site)
    seen = cho.posts(site, "seen")
    assert bob.reads(site) == ["seen"]
    late = first.commits()  # drawn before, and seen after
    org.world.relays()
    reads_up_to(bob, seen)
    assert unread(bob, site) == (1, 0)
    assert counted_as_read(bob, site) == {seen["id"]}
    assert late[0] < seen["id"], "by their ids it were the other way round"


@pytest.mark.parametrize("ahead_s", SKEWS)
def test_what_a_process_with_a_wrong_clock_wrote_is_unread_and_swallows_nothing(
    org: Organisation, ahead_s: float
) -> None:
    site = org.site(admission="assigned")
    bob, amy = reachable(org, "Bob", site), org.person("Amy", scopes=[site])
    before = amy.posts(site, "before")
    org.world.relays()
    reads_up_to(bob, before)
    wrong = Open(amy, ahead_s).writes(site, 1, bob).commits()
    plans(org.world)
    assert unread(bob, site) == (1, 1)
    assert len(rows(org, {"id": wrong[0]})) == 1
    reads_up_to(bob, {"scope_id": site, "id": wrong[0]})
    amy.posts(site, "and then")
    org.world.relays()
    assert unread(bob, site) == (1, 0)


def test_a_page_that_is_read_to_its_end_is_read_up_to_where_the_journal_stood(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, amy = (org.person(name, scopes=[site]) for name in ("Bob", "Amy"))
    batch = Open(amy).writes(site, 3)
    newest = amy.posts(site, "newest by its id")
    org.world.relays()
    batch.commits()
    org.world.relays()
    page = shown(bob, site)
    assert page["ids"][0] == newest["id"]
    reads_up_to(bob, newest)
    assert unread(bob, site) == (3, 0), "the others were told of later"
    told = bob.put(f"/v1/scopes/{site}/read", {"post_id": newest["id"], "position": page["position"]})
    assert (unread(bob, site), told["position"]) == ((0, 0), page["position"])
    assert reads_up_to(bob, newest) == told, "and it stays"


def test_nobody_reads_what_the_journal_has_not_told_of_yet(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, amy = (org.person(name, scopes=[site]) for name in ("Bob", "Amy"))
    post = amy.posts(site, "one")
    org.world.relays()
    told = bob.put(f"/v1/scopes/{site}/read", {"post_id": post["id"], "position": 2**62})
    amy.posts(site, "two")
    org.world.relays()
    assert told["position"] == bob.get("/v1/me")["position"] - 2, "the end of the journal as it was"
    assert unread(bob, site) == (1, 0)


def test_who_comes_reads_from_where_the_journal_tells_of_it(org: Organisation) -> None:
    """A post that was being written when somebody came, and committed after: told of after they came."""
    site = org.site(admission="present", history="since_entry")
    amy, bob = org.person("Amy"), org.person("Bob")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{amy.id}", {})
    long, early = Open(amy).writes(site), Open(amy).writes(site)
    early.commits()
    org.world.relays()
    is_seen(org, bob, site)
    org.world.relays()
    written = long.commits()
    assert shown(bob, site)["ids"] == written
    org.world.relays()
    assert shown(bob, site)["ids"] == written
    bob.get(f"/v1/posts/{early.written[0]}", 404)


@pytest.fixture
def people(org: Organisation) -> tuple[Phone, Phone]:
    return org.person("Bob"), org.person("Amy")


acts = st.lists(
    st.one_of(
        st.tuples(st.just("opens"), st.integers(0, 2), st.sampled_from(SKEWS)),
        st.tuples(st.just("writes"), st.integers(0, 2), st.integers(1, 3)),
        st.tuples(st.just("commits"), st.integers(0, 2), st.none()),
        st.tuples(st.just("relays"), st.none(), st.none()),
        st.tuples(st.just("looks"), st.none(), st.none()),
        st.tuples(st.just("marks"), st.booleans(), st.none()),
    ),
    min_size=4,
    max_size=25,
)


class Scene:
    """Three writers with transactions of their own, a relay, and Bob, who looks and says later what he has read."""

    def __init__(self, org: Organisation, bob: Phone, amy: Phone) -> None:
        self.org, self.bob, self.amy = org, bob, amy
        self.site = org.site("Depot", at=(127.5, 37.5), admission="assigned")
        for phone in (bob, amy):
            org.admin.put(f"/v1/admin/scopes/{self.site}/memberships/{phone.id}", {})
        org.world.relays()
        self.opened: dict[int, Open] = {}
        self.written: set[str] = set()
        self.page: dict[str, Any] = {"ids": [], "position": 0}
        self.read: set[str] = set()  # what he had seen when he said that he has read

    def opens(self, writer: int, ahead_s: float) -> None:
        if writer not in self.opened:
            self.opened[writer] = Open(self.amy, ahead_s)

    def writes(self, writer: int, count: int) -> None:
        if writer in self.opened:
            self.opened[writer].writes(self.site, count)

    def commits(self, writer: int, _: None = None) -> None:
        if writer in self.opened:
            self.written |= set(self.opened.pop(writer).commits())

    def relays(self, *_: None) -> None:
        self.org.world.relays()
        read = counted_as_read(self.bob, self.site)
        assert read <= self.read, "what he never saw counts as read"
        assert unread(self.bob, self.site)[0] == len(self.written - read)

    def looks(self, *_: None) -> None:
        self.page = shown(self.bob, self.site)

    def marks(self, told: bool, _: None = None) -> None:
        ids = self.page["ids"]
        if ids:
            self.read |= set(ids)
            body = {"post_id": ids[0]} | ({"position": self.page["position"]} if told else {})
            self.bob.put(f"/v1/scopes/{self.site}/read", body)

    def ends(self) -> None:
        self.relays()
        self.looks()
        self.marks(True)
        if self.written:
            assert unread(self.bob, self.site) == (0, 0), "what he has seen is read, too"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=acts)
def test_nothing_unread_counts_as_read_whatever_comes_in_which_order(
    org: Organisation, people: tuple[Phone, Phone], story: list[tuple[str, Any, Any]]
) -> None:
    scene = Scene(org, *people)
    try:
        for act, one, other in story:
            getattr(scene, act)(one, other)
    finally:
        for opened in scene.opened.values():
            scene.written |= set(opened.commits())
    scene.ends()
