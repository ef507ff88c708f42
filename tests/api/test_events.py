"""docs/events.md lists every event as the schemas describe it, and what is written to the journal is so described."""

from api.events import TARGET, built
from journal.tail import read_all
from schemas.events import PAYLOADS, REACHES
from tests.stories.visits import is_seen
from tests.world import World


def test_the_page_is_up_to_date() -> None:
    assert TARGET.read_text() == built(), "run `make events`"


def test_every_event_says_whom_it_reaches() -> None:
    assert PAYLOADS.keys() == REACHES.keys()


def test_what_is_written_is_what_is_described(fresh_world: World) -> None:
    org = fresh_world.organisation()
    site = org.site(grace_seconds=0)
    bob = org.person("Bob", scopes=[site])
    is_seen(org, bob, site)
    org.admin.patch(f"/v1/admin/scopes/{site}", {"read_receipts": True})
    post = org.admin.posts(site, "@Bob", mentions=[bob.id])
    bob.put(f"/v1/scopes/{site}/read", {"post_id": post["id"]})
    org.admin.patch(f"/v1/posts/{post['id']}", {"text": "changed"})
    org.admin.delete(f"/v1/posts/{post['id']}")
    org.admin.post(f"/v1/admin/places/{site}/musters", {"message": "Fire alarm"}, 201)
    org.admin.delete(f"/v1/admin/sites/{site}", If_Match="*")
    bob.delete("/v1/sessions/current")
    fresh_world.relays()
    with fresh_world.worker.transaction() as session:
        events = read_all(session, 0)
    faults = {event.type: PAYLOADS[event.type]().validate(event.payload) for event in events}
    assert {name: fault for name, fault in faults.items() if fault} == {}
    assert {"scope.updated", "read.advanced", "membership.ended", "muster.started"} <= faults.keys()
