"""Events that are planned together: each is told as if it stood alone."""

from uuid import UUID, uuid4

from journal.catalogue import POST_CREATED
from journal.events import Event, append
from journal.tail import read_organisation
from push.plans.posts import portions
from tests.stories.fixes import GATE, at_the_gate
from tests.stories.musters import calls
from tests.stories.notices import announces
from tests.stories.pushes import gets_address, notifications, reachable, rows, told
from tests.stories.visits import is_seen
from tests.world import Organisation


def test_neighbouring_calls_of_a_roll_call_are_each_told(org: Organisation) -> None:
    site = org.site(at=GATE)
    crowd = [at_the_gate(org, name) for name in ("Bob", "Mina", "Jon")]
    for phone in crowd[:2]:
        gets_address(phone)
    muster = {"id": calls(org.admin, site)}
    assert told(org, muster) == {("Bob", "muster"), ("Mina", "muster")}
    assert len(notifications(org, muster)) == 3
    assert {(row.priority, row.notification_id) for row in rows(org, muster)} <= {
        (0, note.id) for note in notifications(org, muster)
    }


def test_neighbouring_posts_are_each_told_to_the_others(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice, bob, mina = (reachable(org, name, site) for name in ("Alice", "Bob", "Mina"))
    asked = alice.posts(site, "Who has the key?")
    named = bob.posts(site, "Mina?", mentions=[mina.id])
    answer = mina.posts(site, "I do.", parent_id=asked["id"])
    notice = announces(org.admin, site)
    assert told(org, asked) == {("Bob", "message"), ("Mina", "message")}
    assert told(org, named) == {("Alice", "message"), ("Mina", "mention")}
    assert told(org, answer) == {("Alice", "reply"), ("Bob", "message")}
    assert told(org, notice) == {(name, "announcement") for name in ("Alice", "Bob", "Mina")}
    assert {row.notification_id for row in rows(org, named)} == {
        note.id for note in notifications(org, named)
    }


def test_neighbours_in_other_places_stay_there(org: Organisation) -> None:
    gate, hall = org.site("Gate", admission="assigned"), org.site("Hall", admission="assigned")
    reachable(org, "Bob", gate)
    reachable(org, "Mina", hall)
    at_gate, in_hall, to_all = (org.admin.posts(scope, "hello") for scope in (gate, hall, str(org.id)))
    assert told(org, at_gate) == {("Bob", "message")}
    assert told(org, in_hall) == {("Mina", "message")}
    assert told(org, to_all) == {("Bob", "message"), ("Mina", "message")}


def test_a_newcomer_is_told_of_those_neighbours_alone_that_came_after_the_entry(org: Organisation) -> None:
    site = org.site(admission="present", history="since_entry")
    mina = reachable(org, "Mina", site)
    before = mina.posts(site, "before")
    bob = reachable(org, "Bob")
    is_seen(org, bob, site)
    after = mina.posts(site, "after")
    assert told(org, before) == set()
    assert told(org, after) == {("Bob", "message")}


def test_one_neighbour_that_cannot_be_planned_takes_none_with_it(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    first = org.admin.posts(site, "hello")
    with org.world.worker.transaction() as session:
        append(session, org.id, Event(POST_CREATED, uuid4(), {"id": "broken"}, scope_id=UUID(site)))
    last = org.admin.posts(site, "hello again")
    assert told(org, first) == told(org, last) == {("Bob", "message")}
    assert len(rows(org, first)) == len(rows(org, last)) == 1


def test_so_many_neighbours_as_one_short_statement_can_tell(org: Organisation) -> None:
    site = org.site(admission="assigned")
    for name in ("Alice", "Bob", "Mina"):
        reachable(org, name, site)
    for scope in (site, str(org.id)):
        for number in range(5):
            org.admin.posts(scope, str(number))
    org.world.relays()
    assert sizes(org, site, people=6) == [2, 2, 1]
    assert sizes(org, str(org.id), people=6) == [1] * 5


def sizes(org: Organisation, scope: str, people: int) -> list[int]:
    """How many posts of a scope are planned at a time."""
    with org.world.worker.transaction() as session:
        events = read_organisation(session, org.id, 0)
        said = [event for event in events if event.type == "post.created" and event.scope_id == UUID(scope)]
        return [len(portion) for portion in portions(session, said, people)]
