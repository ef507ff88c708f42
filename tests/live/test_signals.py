"""Typing and who is online, within one process and without Redis: who is told, and who never is."""

import contextlib
from uuid import uuid4

import pytest
from socketio.exceptions import SocketIOError

from tests.live.apps import App
from tests.product import Product
from tests.stories.online import showing
from tests.world import Organisation


@pytest.fixture
def org(product: Product) -> Organisation:
    return product.world.organisation()


def test_the_others_in_the_scope_see_who_types(product: Product, org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice, bob = (App(product.address, org.person(name, scopes=[site])) for name in ("Alice", "Bob"))
    also_alice = App(product.address, alice.person)
    eve = App(product.address, org.person("Eve"))
    bob.until_post(org)  # the journal has let them in
    alice.types(site)
    told = {"scope_id": site, "person": {"id": alice.person.id, "name": "Alice"}, "parent_id": None}
    assert bob.tells("typing.started") == told | {"expires_in": 6}
    alice.types(site)  # too soon
    alice.types(site, "stop")
    assert bob.tells("typing.stopped") == told
    alice.types(site, "stop")
    assert [app.until_post(org) for app in (bob, also_alice, eve)] == [[], [], []]
    for app in (alice, also_alice, bob, eve):
        app.close()


def test_nobody_types_where_they_are_not_or_are_no_more(product: Product, org: Organisation) -> None:
    site = org.site(admission="assigned")
    open_site = org.site("Open", admission="open")
    alice, bob = (App(product.address, org.person(name, scopes=[site])) for name in ("Alice", "Bob"))
    eve = App(product.address, org.person("Eve"))
    other = product.world.organisation()
    stranger = App(product.address, other.admin)
    bob.until_post(org)  # the journal has let them in
    alice.until_post(org)
    for app in (eve, stranger):
        app.types(site)
    alice.types(open_site)
    for nonsense in (
        None,
        [],
        "x",
        {},
        {"scope_id": 5},
        {"scope_id": site, "more": 1},
        {"scope_id": str(uuid4())},
    ):
        alice.emit("typing.start", nonsense)
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{alice.person.id}")
    alice.tells("membership.ended")
    alice.types(site)
    bob.types(site)
    assert bob.until_post(org) == []
    assert alice.until_post(org) == []
    for app in (alice, bob, eve, stranger):
        app.close()


def test_who_watches_is_told_when_somebody_comes_and_goes(product: Product, org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice, bob = showing(org, "Alice", "Bob", scopes=[site])
    watcher = App(product.address, alice)
    watcher.until_post(org)
    assert watcher.watches(bob) == {bob.id: False}
    phones = [App(product.address, bob) for _ in range(2)]
    here = {"person_id": bob.id, "online": True, "last_seen_at": None}
    assert watcher.tells("presence.changed") == here
    assert watcher.watches(bob, org.admin) == {bob.id: True}
    for phone in phones:
        phone.close()
    gone = watcher.tells("presence.changed")
    assert (gone["online"], gone["last_seen_at"] is None) == (False, False)
    watcher.close()


def test_a_revoked_session_is_not_online(product: Product, org: Organisation) -> None:
    alice, bob = showing(org, "Alice", "Bob", scopes=[org.site(admission="assigned")])
    watcher, phone = App(product.address, alice), App(product.address, bob)
    assert watcher.watches(bob) == {bob.id: True}
    bob.delete("/v1/sessions/current")
    assert watcher.tells("presence.changed")["online"] is False
    watcher.close()
    phone.close()


def test_nobody_types_with_a_session_that_was_revoked(product: Product, org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice, bob = (App(product.address, org.person(name, scopes=[site])) for name in ("Alice", "Bob"))
    bob.until_post(org)
    alice.person.delete("/v1/sessions/current")
    assert alice.tells("connection.closing") == {"code": "session_ended"}
    with contextlib.suppress(SocketIOError, TimeoutError):
        alice.send("typing.start", {"scope_id": site})  # on its way while it is being closed
    assert bob.until_post(org) == []
    bob.close()
    alice.close()


@pytest.mark.parametrize("ends", ["hides", "is taken out", "watcher is taken out"])
def test_watching_ends_with_the_right(product: Product, org: Organisation, ends: str) -> None:
    site = org.site(admission="assigned")
    alice, bob = showing(org, "Alice", "Bob", scopes=[site])
    watcher = App(product.address, alice)
    assert watcher.watches(bob) == {bob.id: False}
    if ends == "hides":
        bob.patch("/v1/me", {"last_seen": "nobody"})
    else:
        person = bob if ends == "is taken out" else alice
        org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{person.id}")
    assert watcher.until_post(org) == []
    App(product.address, bob).close()
    assert watcher.until_post(org) == []
    watcher.close()


def test_strangers_are_not_watched(product: Product, org: Organisation) -> None:
    site = org.site(admission="assigned")
    (alice,) = showing(org, "Alice", scopes=[site])
    (carol,) = showing(org, "Carol", scopes=[])
    other = product.world.organisation()
    (eve,) = showing(other, "Eve", scopes=[other.site(admission="assigned")])
    watcher = App(product.address, alice)
    assert watcher.watches(carol, eve) == {}
    for person in (carol, eve):
        App(product.address, person).close()
    assert watcher.until_post(org) == []
    for nonsense in (None, {}, {"person_ids": ["x"]}, {"person_ids": [str(uuid4())] * 101}):
        assert watcher.emit("presence.watch", nonsense) == {"ok": False, "code": "invalid"}
    watcher.close()
