"""The reference clients against the running product: connecting, upgrading, renewing, losing and finding it again."""

from collections.abc import Callable, Iterator

import pytest

from deploy.local.phone import Phone
from tests.live.tokens import token_for
from tests.product import Product
from tests.stories.clients import JavaScriptClient, PythonClient
from tests.world import Organisation

AnyClient = JavaScriptClient | PythonClient


@pytest.fixture(params=[JavaScriptClient, PythonClient], ids=["javascript", "python"])
def client(request: pytest.FixtureRequest) -> Iterator[AnyClient]:
    made = request.param()
    yield made
    made.close()


@pytest.mark.parametrize("transports", [("polling",), ("websocket",)], ids=["polling", "websocket"])
def test_either_transport_hears_posts(
    product: Product, org: Organisation, alice: Phone, client: AnyClient, transports: tuple[str, ...]
) -> None:
    client.open(product.address, alice.token, transports)
    assert client.tells("connect") == transports[0]
    assert client.tells("ready")["position"] >= 0
    post = alice.post(f"/v1/scopes/{org.id}/posts", {"text": "한국어 and more " * 60})
    assert client.tells("post.created")["data"] == post


def test_polling_is_upgraded(product: Product, org: Organisation, alice: Phone) -> None:
    client = JavaScriptClient()
    client.open(product.address, alice.token)
    assert client.tells("open") == "polling"
    assert client.tells("upgrade") == "websocket"
    client.tells("ready")
    alice.post(f"/v1/scopes/{org.id}/posts", {"text": "after the upgrade"})
    assert client.tells("post.created")["data"]["text"] == "after the upgrade"
    client.close()


def test_a_refused_client_connects_with_a_better_token(
    product: Product, alice: Phone, client: AnyClient
) -> None:
    client.open(product.address, token_for(product, alice, -60))
    assert client.tells("connect_error") == {"code": "token_expired"}
    client.connect_again("nonsense")
    assert client.tells("connect_error") == {"code": "unauthenticated"}
    client.connect_again(alice.token)
    client.tells("ready")


def test_a_renewed_socket_outlives_its_first_token(product: Product, org: Organisation, alice: Phone) -> None:
    renewing, idle, python = JavaScriptClient(), JavaScriptClient(), PythonClient()
    for client in (renewing, idle, python):
        client.open(product.address, token_for(product, alice, 2), ("websocket",))
        client.tells("ready")
    for client in (renewing, python):
        answer = client.emit("session.renew", {"token": alice.token})
        assert answer["ok"]
        assert 2 < answer["expires_in"] <= product.world.settings.access_token_ttl
    assert idle.tells("connection.closing") == {"code": "token_expired"}
    assert idle.tells("disconnect") == "io server disconnect"
    alice.post(f"/v1/scopes/{org.id}/posts", {"text": "still there"})
    for client in (renewing, python):
        assert client.tells("post.created")["data"]["text"] == "still there"
    idle.connect_again(alice.token)
    idle.tells("ready")
    for client in (renewing, idle, python):
        client.close()


def test_a_token_of_another_session_renews_nothing(
    product: Product, org: Organisation, alice: Phone, client: AnyClient
) -> None:
    org.person("Bob")
    bob = product.phone(org.slug, "Bob")
    client.open(product.address, alice.token)
    client.tells("ready")
    for token in (bob.token, "nonsense", None):
        assert client.emit("session.renew", {"token": token}) == {"ok": False, "code": "unauthenticated"}
    expired = token_for(product, alice, -60)
    assert client.emit("session.renew", {"token": expired}) == {"ok": False, "code": "token_expired"}


def test_a_disconnect_by_the_server_says_why_and_is_final(
    product: Product, alice: Phone, client: AnyClient
) -> None:
    client.open(product.address, alice.token)
    client.tells("ready")
    alice.delete("/v1/sessions/current")
    client.tells("session.ended")
    assert client.tells("connection.closing") == {"code": "session_ended"}
    assert client.tells("disconnect") in ("io server disconnect", "server disconnect")
    assert "connect" not in client.kinds_so_far()
    client.connect_again(alice.token)
    assert client.tells("connect_error") == {"code": "session_ended"}


@pytest.mark.parametrize("end", [Product.kill, Product.stop_part], ids=["killed", "stopped"])
def test_a_client_finds_a_restarted_server_by_itself(
    product: Product, org: Organisation, alice: Phone, client: AnyClient, end: Callable[[Product, str], None]
) -> None:
    client.open(product.address, alice.token)
    position = client.tells("ready")["position"]
    end(product, "web")
    assert client.tells("disconnect") in ("transport close", "transport error")
    product.start_web()
    client.tells("connect")
    assert client.tells("ready")["position"] >= position
    alice.post(f"/v1/scopes/{org.id}/posts", {"text": "after the restart"})
    assert client.tells("post.created")["data"]["text"] == "after the restart"
