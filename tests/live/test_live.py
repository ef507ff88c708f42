"""Live delivery, with real processes and the real Socket.IO client."""

import time

import pytest
import requests
import socketio
from socketio.exceptions import ConnectionError as Refused

from tests.product import Product


def test_the_others_hear_a_post_and_strangers_do_not(product: Product) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    for name in ("Alice", "Bob"):
        org.person(name, scopes=[site])
    org.person("Eve")
    alice, bob, eve = (product.phone(org.slug, name) for name in ("Alice", "Bob", "Eve"))
    for phone in (alice, bob, eve):
        phone.open_app()
    post = alice.post(f"/v1/scopes/{site}/posts", {"text": "hello"})
    heard = bob.hears("post.created")
    assert heard is not None
    assert heard["data"] == post
    alice.post(f"/v1/scopes/{org.id}/posts", {"text": "for all"})
    first = eve.hears("post.created")
    assert first is not None
    assert first["data"]["text"] == "for all"
    for phone in (alice, bob, eve):
        phone.close_app()


def test_live_and_sync_carry_the_same_events(product: Product) -> None:
    org = product.world.organisation()
    org.person("Alice")
    alice = product.phone(org.slug, "Alice")
    position = alice.get("/v1/me")["position"]
    alice.open_app()
    for n in range(5):
        alice.post(f"/v1/scopes/{org.id}/posts", {"text": str(n)})
    heard = [alice.hears("post.created", text=str(n)) for n in range(5)]
    synced = [e for e in alice.get(f"/v1/sync?after={position}")["items"] if e["type"] == "post.created"]
    assert heard == synced
    alice.close_app()


def test_one_who_is_taken_out_hears_no_later_post(product: Product) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    bob_id = org.person("Bob", scopes=[site]).id
    bob = product.phone(org.slug, "Bob")
    bob.open_app()
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob_id}")
    org.admin.posts(site, "secret")
    org.admin.posts(str(org.id), "public")
    heard = bob.hears("post.created")
    assert heard is not None
    assert heard["data"]["text"] == "public"
    bob.close_app()


def test_one_who_is_let_in_hears_from_then_on(product: Product) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    bob_id = org.person("Bob").id
    bob = product.phone(org.slug, "Bob")
    bob.open_app()
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob_id}", {"role": "member"})
    org.admin.posts(site, "welcome")
    assert bob.hears("membership.started", scope_id=site)
    assert bob.hears("post.created", text="welcome")
    bob.close_app()


def test_the_socket_is_cut_when_its_session_ends(product: Product) -> None:
    org = product.world.organisation()
    org.person("Alice")
    alice = product.phone(org.slug, "Alice")
    alice.open_app()
    alice.delete("/v1/sessions/current")
    deadline = time.monotonic() + 60
    while alice.connected and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alice.connected


@pytest.mark.parametrize("auth", [None, {}, {"token": "nonsense"}, {"token": 5}, "token"])
def test_nobody_connects_without_a_good_token(product: Product, auth: object) -> None:
    client = socketio.Client(reconnection=False)
    with pytest.raises(Refused):
        client.connect(product.address, auth=auth, transports=["websocket"])


def test_a_client_cannot_join_a_room_by_asking(product: Product) -> None:
    org = product.world.organisation()
    site = org.site(admission="assigned")
    org.person("Eve")
    eve = product.phone(org.slug, "Eve")
    eve.open_app()
    for name in ("join", "subscribe", "room.join", "enter_room"):
        eve.emits(name, {"room": f"scope:{site}"})
    org.admin.posts(site, "secret")
    org.admin.posts(str(org.id), "public")
    heard = eve.hears("post.created")
    assert heard is not None
    assert heard["data"]["text"] == "public"
    eve.close_app()


def test_the_web_process_may_be_killed_and_nothing_is_lost(product: Product) -> None:
    org = product.world.organisation()
    org.person("Alice")
    alice = product.phone(org.slug, "Alice")
    position = alice.get("/v1/me")["position"]
    alice.post(f"/v1/scopes/{org.id}/posts", {"text": "before"})
    product.kill("web")
    with pytest.raises(requests.ConnectionError):
        alice.get("/v1/me")
    product.start_web()
    alice.open_app()
    alice.post(f"/v1/scopes/{org.id}/posts", {"text": "after"})
    assert alice.hears("post.created", text="after")
    synced = alice.get(f"/v1/sync?after={position}")["items"]
    assert [e["data"]["text"] for e in synced if e["type"] == "post.created"] == ["before", "after"]
    alice.close_app()


def test_a_refused_client_is_told_why(product: Product) -> None:
    client, told = socketio.Client(reconnection=False), []
    client.on("connect_error", told.append)
    with pytest.raises(Refused):
        client.connect(product.address, auth={"token": "nonsense"}, transports=["websocket"])
    assert told[0]["data"] == {"code": "unauthenticated"}
