"""One person has so many sockets in a process, and no more: the oldest goes, and hears why."""

import json

from deploy.local.phone import Phone
from live.hub import MOST_OF_A_PERSON
from tests.product import Product
from tests.raw_socket import TEXT, RawWebSocket
from tests.world import Organisation

READY, CLOSING = '42["ready"', ["connection.closing", {"code": "too_many_sockets"}]


def listening(product: Product, token: str) -> RawWebSocket:
    socket = RawWebSocket.opened(product.address, wait_s=20)
    socket.sends("40" + json.dumps({"token": token}))
    while not socket.reads_text().startswith(READY):
        pass
    return socket


def told(socket: RawWebSocket) -> list[object]:
    """The events that come until the stream ends."""
    said = [data for opcode, data in socket.hears_out() if opcode == TEXT and data.startswith(b"42")]
    return [json.loads(one[2:]) for one in said]


def hears(socket: RawWebSocket, words: str) -> bool:
    """Whether a post comes."""
    while words not in (said := socket.reads_text()):
        assert "connection.closing" not in said
    return True


def test_the_oldest_goes_and_says_why(product: Product, org: Organisation, alice: Phone) -> None:
    org.person("Bob")
    bobs = listening(product, product.phone(org.slug, "Bob").token)
    sockets = [listening(product, alice.token) for _ in range(MOST_OF_A_PERSON)]
    another = listening(product, alice.token)
    assert told(sockets[0])[-1] == CLOSING
    once_more = listening(product, alice.token)
    assert told(sockets[1])[-1] == CLOSING
    alice.post(f"/v1/scopes/{org.id}/posts", {"text": "still there"})
    staying = [bobs, *sockets[2:], another, once_more]
    assert all(hears(socket, "still there") for socket in staying)
    for socket in staying:
        socket.close()


def test_several_phones_count_together(product: Product, org: Organisation, alice: Phone) -> None:
    other = product.phone(org.slug, "Alice")
    first = listening(product, alice.token)
    theirs = [listening(product, other.token) for _ in range(MOST_OF_A_PERSON)]
    assert told(first)[-1] == CLOSING
    for socket in theirs:
        socket.close()
