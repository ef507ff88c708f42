"""An account is closed: its sockets end within a second, and no phone of it is woken after the commit."""

import time

from deploy.local.phone import Phone
from tests.product import Product
from tests.push.outgoing import goes_out
from tests.stories.clients import PythonClient
from tests.stories.pushes import followed, reachable, silent_at, told
from tests.world import Organisation, World


def test_its_sockets_close_within_a_second(product: Product, org: Organisation, alice: Phone) -> None:
    phones = [alice, product.phone(org.slug, "Alice")]
    clients = [PythonClient() for _ in phones]
    for client, phone in zip(clients, phones, strict=True):
        client.open(product.address, phone.token, ("websocket",))
        client.tells("ready")
    alice_id = alice.get("/v1/me")["person"]["id"]
    org.admin.delete(f"/v1/admin/people/{alice_id}")
    committed = time.monotonic()
    for client in clients:
        assert client.tells("connection.closing") == {"code": "session_ended"}
        client.tells("disconnect")
    assert time.monotonic() - committed < 1.0
    for client, phone in zip(clients, phones, strict=True):
        client.connect_again(phone.token)
        assert client.tells("connect_error") == {"code": "session_ended"}


def test_no_phone_is_woken_after_the_commit(product: Product, org: Organisation) -> None:
    _, carols = silent_at(org, "Carol")
    _, bobs = silent_at(org, "Bob")
    org.admin.posts(str(org.id), "before")
    assert len(product.pushed(carols)) == len(product.pushed(bobs)) == 1
    product.kill("worker")
    org.admin.posts(str(org.id), "meanwhile")
    org.admin.delete(f"/v1/admin/people/{person_named(org, 'Carol')}")
    product.start_worker()
    org.admin.posts(str(org.id), "after")
    assert len(product.pushed(bobs, count=3)) == 3
    assert len(product.pushed(carols, count=2, wait_s=0)) == 1


def test_what_was_queued_already_stays_in_the_queue(world: World) -> None:
    org = followed(world)
    alice = reachable(org, "Alice")
    reachable(org, "Bob")
    post = org.admin.posts(str(org.id), "the day before")
    assert told(org, post) == {("Alice", "message"), ("Bob", "message")}
    org.admin.delete(f"/v1/admin/people/{alice.id}")
    pushes, dropped = goes_out(org)
    assert len(pushes) == 1
    assert "signed_out" in dropped


def person_named(org: Organisation, name: str) -> str:
    """Somebody's id, as administrators see it."""
    people = org.admin.get("/v1/admin/people")["items"]
    return next(person["id"] for person in people if person["name"] == name)
