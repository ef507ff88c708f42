"""Sockets open from the networks that an organisation lets in, and from no others."""

import pytest

from base.origins import address_of
from deploy.local.phone import Phone
from live.sockets import _kept
from tests.product import Product
from tests.stories.clients import PythonClient
from tests.stories.sign_in_policies import holds
from tests.world import Organisation

ELSEWHERE = {"networks": ["198.51.100.0/24"]}


def test_a_socket_from_elsewhere_is_refused_and_not_renewed(
    product: Product, org: Organisation, alice: Phone
) -> None:
    client, other = PythonClient(), PythonClient()
    client.open(product.address, alice.token, ("websocket",))
    client.tells("ready")
    holds(org, member=ELSEWHERE)
    assert client.emit("session.renew", {"token": alice.token}) == {"ok": False, "code": "network_refused"}
    other.open(product.address, alice.token, ("websocket",))
    assert other.tells("connect_error") == {"code": "network_refused"}
    holds(org)
    other.connect_again(alice.token)
    other.tells("ready")
    for each in (client, other):
        each.close()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.7", "127.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "made up, 198.51.100.7", "198.51.100.7"),
        (2, "198.51.100.7", "127.0.0.1"),
        (1, "x" * 8_000 + ", 198.51.100.7", "198.51.100.7"),
        (1, "", "127.0.0.1"),
    ],
)
def test_behind_proxies_the_outermost_one_says_where_it_comes_from(
    proxies: int, forwarded: str, address: str
) -> None:
    kept = _kept({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded})
    assert address_of(kept, proxies) == address
    assert len(str(kept)) < 1_000
