"""Sockets of another epoch: the journal began anew underneath them, and what their apps have may never have been."""

from typing import Any

import pytest
import socketio
from socketio.exceptions import ConnectionError as Refused

from deploy.local.phone import Phone
from tests.product import Product
from tests.stories.clients import PythonClient
from tests.stories.epochs import begins_anew
from tests.world import Organisation


@pytest.fixture
def org(product: Product) -> Organisation:
    return product.world.organisation()


@pytest.fixture
def alice(product: Product, org: Organisation) -> Phone:
    org.person("Alice")
    return product.phone(org.slug, "Alice")


def refusals(product: Product, auth: dict[str, Any]) -> list[Any]:
    """What an app is told that connects with this; nothing where it is let in."""
    client, told = socketio.Client(reconnection=False), list[Any]()
    client.on("connect_error", lambda error: told.append(error["data"]["code"]))
    try:
        client.connect(product.address, auth=auth, transports=["websocket"])
    except Refused:
        return told
    client.disconnect()
    return []


def test_an_app_that_names_another_epoch_is_refused_and_one_with_this_or_none_let_in(
    product: Product, alice: Phone
) -> None:
    me = alice.get("/v1/me")
    assert refusals(product, {"token": alice.token, "epoch": me["epoch"]}) == []
    assert refusals(product, {"token": alice.token}) == []
    for another in ("another", 5, {}):
        assert refusals(product, {"token": alice.token, "epoch": another}) == ["position_unknown"]
    assert refusals(product, {"token": "nonsense", "epoch": "another"}) == ["unauthenticated"]


def test_open_sockets_are_closed_when_the_journal_begins_anew_and_the_next_hear_on(
    product: Product, org: Organisation, alice: Phone
) -> None:
    client = PythonClient()
    client.open(product.address, alice.token)
    before = client.tells("ready")["epoch"]
    after = begins_anew(product.world)
    assert client.tells("connection.closing") == {"code": "position_unknown"}
    assert client.tells("disconnect") == "server disconnect"
    assert refusals(product, {"token": alice.token, "epoch": before}) == ["position_unknown"]
    client.connect_again(alice.token)
    assert client.tells("ready")["epoch"] == after
    alice.post(f"/v1/scopes/{org.id}/posts", {"text": "after"})
    assert client.tells("post.created")["data"]["text"] == "after"
    client.close()
