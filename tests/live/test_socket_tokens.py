"""A token that is early, late or signed by a key that is gone is refreshed; nobody has to sign in again for it."""

import json

import pytest

from deploy.local.phone import Phone
from people.sign_in.statements import LEEWAY_S
from tests.live.tokens import token_for
from tests.product import Product
from tests.raw_socket import RawWebSocket
from tests.stories.clients import PythonClient

TO_REFRESH = {
    "run out": {"ahead_s": -900},
    "of a clock that is a day behind": {"ahead_s": -86_400},
    "of a clock that is ahead": {"ahead_s": LEEWAY_S + 5},
    "of a clock that is years ahead": {"ahead_s": 3 * 365 * 86_400},
    "of a key that is gone": {"secret": "another secret, of an installation long ago"},
}


@pytest.fixture
def client() -> PythonClient:
    return PythonClient()


@pytest.mark.parametrize("fault", TO_REFRESH)
def test_a_token_to_refresh_is_called_expired(
    product: Product, alice: Phone, client: PythonClient, fault: str
) -> None:
    token = token_for(product, alice, 900, **TO_REFRESH[fault])
    client.open(product.address, token, ("websocket",))
    assert client.tells("connect_error") == {"code": "token_expired"}
    client.connect_again(alice.token)
    client.tells("ready")
    assert client.emit("session.renew", {"token": token}) == {"ok": False, "code": "token_expired"}
    assert client.emit("session.renew", {"token": alice.token})["ok"]
    client.close()


@pytest.mark.parametrize("ahead_s", [-800, -2, 0, 2, LEEWAY_S - 10])
def test_a_clock_that_is_a_little_off_is_let_in(
    product: Product, alice: Phone, client: PythonClient, ahead_s: int
) -> None:
    client.open(product.address, token_for(product, alice, 900, ahead_s=ahead_s), ("websocket",))
    client.tells("ready")
    client.close()


def test_a_good_token_that_comes_before_ready_is_asked_for_again(product: Product, alice: Phone) -> None:
    socket = RawWebSocket.opened(product.address)
    auth = json.dumps({"token": alice.token})
    socket.sends(f"40{auth}", f'427["session.renew",{auth}]')
    assert socket.reads_text().startswith("40")
    assert socket.reads_text() == '437[{"ok":false,"code":"not_ready"}]'
    assert socket.reads_text().startswith('42["ready"')
    socket.sends(f'428["session.renew",{auth}]')
    assert socket.reads_text().startswith('438[{"ok":true')
