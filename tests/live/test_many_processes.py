"""Order and rooms with four web processes: no leak, no gap, whatever people do. `WALK_EVENTS=20000` walks longer."""

import os
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from journal.tail import READ_LIMIT, read_organisation
from tests.live.ears import Ear, due
from tests.live.walks import Ears, Manager, Walks
from tests.product import Product
from tests.world import Organisation

EVENTS = int(os.environ.get("WALK_EVENTS", "1000"))
_PROCESSES, _PERSONS, _POSTERS, _SEED = 4, 6, 3, 7


@pytest.fixture(scope="module")
def addresses(product: Product) -> Iterator[list[str]]:
    names = [f"web-{n}" for n in range(1, _PROCESSES + 1)]
    yield product.start_other_webs(*names, PACE="0")  # more is done here than anybody is let do
    for name in names:
        product.stop_part(name)


def journal_of(org: Organisation, until: int) -> list[Any]:
    """All events of an organisation up to a position."""
    found: list[Any] = []
    while not found or found[-1].position < until:
        with org.world.worker.transaction() as session:
            after = found[-1].position if found else 0
            found += read_organisation(session, org.id, after, min(READ_LIMIT, until - after))
    return found


def test_nothing_leaks_and_nothing_is_missing(product: Product, addresses: list[str]) -> None:
    org = product.world.organisation()
    sites = [org.site("North"), org.site("South", at=(128.0, 37.5))]
    zones = [
        org.zone(sites[0], f"Yard {history}", grace_seconds=0, admission="present", history=history)
        for history in ("all", "since_entry")
    ]
    people = [org.person(f"P{n}") for n in range(_PERSONS)]
    tokens = {person.id: str(person.tokens["access_token"]) for person in people}
    ears = Ears(addresses, tokens)

    def posts(manager: Manager, chance: random.Random) -> None:
        for n in range(EVENTS // _POSTERS + 1):
            scope = chance.choice([*sites, *zones, *sites, *zones, str(org.id)])
            manager.does("POST", f"/v1/scopes/{scope}/posts", {"text": f"word {n}"})

    def assigns(manager: Manager, chance: random.Random) -> None:
        path = f"/v1/admin/scopes/{chance.choice(sites)}/memberships/{chance.choice(list(tokens))}"
        if chance.random() < 0.5:
            manager.does("PUT", path, {"role": "member"})
        else:
            manager.does("DELETE", path, None, 404)

    def comes_and_goes(manager: Manager, chance: random.Random) -> None:
        path, person = f"/v1/admin/places/{chance.choice(zones)}/visits", chance.choice(list(tokens))
        if chance.random() < 0.5:
            manager.does("POST", path, {"person_id": person})
        else:
            manager.does("DELETE", f"{path}/{person}", None, 404)

    admin = org.admin.tokens["access_token"]
    Walks(addresses, admin, _SEED).run([posts] * _POSTERS, [assigns, comes_and_goes, ears.wander])
    last = Manager(addresses[0], admin).does("POST", f"/v1/scopes/{org.id}/posts", {"text": "last"})
    check(org, ears, last["id"])


def check(org: Organisation, ears: Ears, last_post: str) -> None:
    """Each socket heard exactly what was due to it, in order: those still open, up to the last post."""
    present = [*ears.steady, *ears.wandering]
    end = position_of(present[0], last_post)
    for ear in present:
        ear.waits_for(end)
        ear.close()
    journal = journal_of(org, end)
    assert [event.position for event in journal] == list(range(1, end + 1))
    assert end > EVENTS
    walks = sum(event.type in ("membership.started", "membership.ended") for event in journal)
    assert walks > _PERSONS
    leaks, gaps, disorders, deliveries = 0, 0, 0, 0
    for ear in [*present, *ears.gone]:
        heard = [event["id"] for event in ear.heard if event["position"] <= end]
        until = end if ear in present else max((event["position"] for event in ear.heard), default=0)
        seen = set(heard)
        expected = due(journal, ear, until)
        deliveries += len(heard)
        leaks += len(seen - set(expected.may))
        gaps += len(set(expected.must) - seen)
        disorders += heard != [event for event in expected.may if event in seen]
    sockets = len(present) + len(ears.gone)
    told = f"{end} events, {walks} of them walks, {sockets} sockets, {deliveries} deliveries"
    sys.stdout.write(f"{told}, {leaks} leaks, {gaps} gaps, {disorders} out of order\n")
    assert (leaks, gaps, disorders) == (0, 0, 0)


def position_of(ear: Ear, post: str) -> int:
    """Where a post stands in the journal, once a socket has heard it."""
    deadline = time.monotonic() + 120
    seen = 0
    while time.monotonic() < deadline:
        for event in ear.heard[seen:]:
            seen += 1
            if (event["data"] or {}).get("id") == post:
                return event["position"]
        assert not ear.closed.wait(0.02), ear.code
    raise AssertionError("the last post was not heard")


def test_a_revoked_session_is_cut_in_every_process_at_once(product: Product, addresses: list[str]) -> None:
    org = product.world.organisation()
    alice, bob = org.person("Alice"), org.person("Bob")
    sockets = [Ear(address, alice.tokens["access_token"], alice.id) for address in addresses]
    other = Ear(addresses[0], bob.tokens["access_token"], bob.id)
    Manager(addresses[0], alice.tokens["access_token"]).does("DELETE", "/v1/sessions/current")
    ended = time.monotonic()
    for socket in sockets:
        assert socket.closed.wait(60)
    assert time.monotonic() - ended < 20, "a second on a quiet machine; its token is good for two hours"
    assert {socket.code for socket in sockets} == {"session_ended"}
    assert not other.closed.is_set()
    other.close()
