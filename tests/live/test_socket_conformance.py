"""Socket.IO v5 as its document says: connecting, namespaces, events, acknowledgements, attachments, faults."""

import json

import pytest

from tests.raw_socket import RawWebSocket

ONE, TWO = b"\x01\x02\x03", b"\x04\x05\x06"
PLACES = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'


@pytest.mark.parametrize(
    ("sent", "head", "auth"),
    [
        ("40", "40", '42["auth",{}]'),
        ('40{"token":"123"}', "40", '42["auth",{"token":"123"}]'),
        ("40/custom,", "40/custom,", '42/custom,["auth",{}]'),
        ('40/custom,{"token":"abc"}', "40/custom,", '42/custom,["auth",{"token":"abc"}]'),
    ],
)
def test_connect_comes_before_what_its_handler_emits(calm: str, sent: str, head: str, auth: str) -> None:
    phone = RawWebSocket.opened(calm)
    phone.sends(sent)
    answer = phone.reads_text()
    assert answer.startswith(head)
    assert list(json.loads(answer.removeprefix(head))) == ["sid"]
    assert phone.reads() == auth


def test_an_unknown_namespace_is_refused_in_the_protocols_words(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    phone.sends("40/random", '42["message","still here"]')
    assert phone.reads() == '44/random,{"message":"Invalid namespace"}'
    assert phone.reads() == '42["message-back","still here"]'


def test_leaving_one_namespace_leaves_the_other(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    phone.sends("40/custom")
    assert phone.reads_text().startswith("40/custom,")
    assert phone.reads() == '42/custom,["auth",{}]'
    phone.sends("41/custom", '42/custom,["message","gone"]', '42["message","to the other"]')
    assert phone.reads() == '42["message-back","to the other"]'


def test_the_connection_outlives_its_namespaces(brisk: str) -> None:
    phone = RawWebSocket.connected(brisk)
    phone.sends("41")
    for _ in range(3):
        assert phone.reads_frame()[1] == b"2"
        phone.sends("3")


def test_events_and_acknowledgements(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    phone.sends('42["message",1,"2",{"3":[false]}]', '42456["message-with-ack",1,"2",{"3":[false]}]')
    assert phone.reads() == '42["message-back",1,"2",{"3":[false]}]'
    assert phone.reads() == '43456[1,"2",{"3":[false]}]'


def test_attachments(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    phone.sends(f'452-["message",{PLACES}]', ONE, TWO)
    assert [phone.reads() for _ in range(3)] == [f'452-["message-back",{PLACES}]', ONE, TWO]
    phone.sends(f'452-789["message-with-ack",{PLACES}]', ONE, TWO)
    assert [phone.reads() for _ in range(3)] == [f"462-789[{PLACES}]", ONE, TWO]


def test_events_of_one_client_keep_their_order(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    phone.sends(*(f'42["message",{number}]' for number in range(500)))
    assert [phone.reads() for _ in range(500)] == [f'42["message-back",{number}]' for number in range(500)]


@pytest.mark.parametrize(
    "packet",
    [
        "4abc",
        "4",
        "49",
        "42{}",
        "42",
        "42[]",
        "42[{}]",
        '42["disconnect"]',
        '42abc["message-with-ack",1]',
        '42["message"',
        "43[]",
        "430[]",
        "431{}",
        "44{}",
        "40[]",
        '41{"a":1}',
        '4599-["message"]',
        b"\x01",
        "42" + "[" * 2000,
    ],
)
def test_a_malformed_packet_ends_the_connection(calm: str, packet: str | bytes) -> None:
    phone = RawWebSocket.connected(calm)
    phone.sends(packet)
    assert phone.is_closed()


@pytest.mark.parametrize("packet", ['42["message"]', "41", "431[]"])
def test_the_first_packet_is_a_connect(calm: str, packet: str) -> None:
    phone = RawWebSocket.opened(calm)
    phone.sends(packet)
    assert phone.is_closed()


def test_text_where_an_attachment_is_due_ends_the_connection(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    phone.sends(f'452-["message",{PLACES}]', ONE, '42["message"]')
    assert phone.is_closed()


def test_a_placeholder_without_its_attachment_ends_the_connection(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    phone.sends('451-["message",{"_placeholder":true,"num":7}]', ONE)
    assert phone.is_closed()


def test_one_who_never_connects_is_not_waited_for(brisk: str) -> None:
    phone = RawWebSocket.opened(brisk)
    pings = 0
    with pytest.raises(ConnectionError, match="end of stream"):
        while phone.reads_frame()[1] == b"2":
            pings += 1
            phone.sends("3")
    assert 4 <= pings <= 9


def test_an_acknowledgement_that_nobody_asked_for_is_ignored(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    phone.sends("437[]", '42["message","still here"]')
    assert phone.reads() == '42["message-back","still here"]'
