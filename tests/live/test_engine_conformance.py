"""Engine.IO v4 as its document says: handshake, heartbeat, closing, upgrading, over raw HTTP and WebSocket."""

import json
import threading
import time

import pytest

from tests.live.conftest import INTERVAL_S, TIMEOUT_S, held_up
from tests.raw_socket import CLOSE, Polling, RawWebSocket

WEBSOCKET = "EIO=4&transport=websocket"
OPENING = {"upgrades": ["websocket"], "pingInterval": 500, "pingTimeout": 500, "maxPayload": 1_000_000}


def test_polling_opens_a_session(brisk: str) -> None:
    opening = Polling(brisk).opened().opening
    assert opening.pop("sid")
    assert opening == OPENING


def test_websocket_opens_a_session(brisk: str) -> None:
    opening = json.loads(RawWebSocket(brisk, WEBSOCKET).reads_text()[1:])
    assert opening.pop("sid")
    assert opening == OPENING | {"upgrades": []}


@pytest.mark.parametrize(
    "query",
    [
        {"transport": "polling"},
        {"EIO": "abc", "transport": "polling"},
        {"EIO": "3", "transport": "polling"},
        {"EIO": "4"},
        {"EIO": "4", "transport": "abc"},
        {"EIO": "4", "transport": "websocket"},
        {"EIO": "4", "transport": "polling", "sid": "unknown"},
    ],
)
def test_a_wrong_query_is_a_bad_request(brisk: str, query: dict[str, str]) -> None:
    assert Polling(brisk).ask(**query).status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_a_wrong_method_is_a_bad_request(brisk: str, method: str) -> None:
    assert Polling(brisk).ask(method, EIO="4", transport="polling").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "transport=websocket",
        "EIO=abc&transport=websocket",
        "EIO=4",
        "EIO=4&transport=abc",
        WEBSOCKET + "&sid=x",
    ],
)
def test_a_wrong_query_is_no_websocket(brisk: str, query: str) -> None:
    assert RawWebSocket(brisk, query).refused == 400


def test_polling_carries_pings_and_pongs(brisk: str) -> None:
    phone = Polling(brisk).opened()
    for _ in range(3):
        assert phone.poll().text == "2"
        pushed = phone.push("3")
        assert (pushed.status_code, pushed.text) == (200, "ok")


def test_polling_after_a_ping_timeout_is_a_bad_request(brisk: str) -> None:
    phone = Polling(brisk).opened()
    threading.Event().wait(INTERVAL_S + TIMEOUT_S)
    assert phone.poll().status_code == 400
    assert phone.push("3").status_code == 400


def test_websocket_carries_pings_and_pongs(brisk: str) -> None:
    phone = RawWebSocket.connected(brisk)
    for _ in range(3):
        assert phone.reads_frame()[1] == b"2"
        phone.sends("3")


def test_a_websocket_without_pongs_is_closed_on_time(brisk: str) -> None:
    begun = time.monotonic()
    assert RawWebSocket.opened(brisk).is_closed()
    assert INTERVAL_S < time.monotonic() - begun < 50 * (INTERVAL_S + TIMEOUT_S)


def test_closing_ends_the_poll_that_waits(calm: str) -> None:
    phone = Polling(calm).opened()
    waiting = phone.begins_poll()
    assert phone.push("1").status_code == 200
    answer = waiting.getresponse()
    assert (answer.status, answer.read()) == (200, b"6")
    assert phone.poll().status_code == 400


def test_closing_may_overtake_the_poll_that_it_ends(calm: str) -> None:
    phone = Polling(calm).opened()
    assert phone.push("1").status_code == 200
    assert phone.poll().text == "6"
    assert phone.poll().status_code == 400


def test_closing_and_its_poll_arrive_at_once(calm: str) -> None:
    phone = Polling(calm).opened()
    polling, pushing = phone.connects(), phone.connects()
    with held_up(calm):
        phone.begins_poll(polling)
        pushing.request("POST", f"/socket.io/?EIO=4&transport=polling&sid={phone.sid}", "1")
    assert [answer.getresponse().read() for answer in (polling, pushing)] == [b"6", b"ok"]
    assert phone.poll().status_code == 400


def test_a_poll_that_is_cancelled_ends_the_session(calm: str) -> None:
    phone = Polling(calm).opened()
    phone.begins_poll().close()
    assert phone.poll().status_code == 400


def test_closing_over_websocket(calm: str) -> None:
    phone = RawWebSocket.opened(calm)
    phone.sends("1")
    assert phone.is_closed()


def test_a_second_poll_at_once_ends_the_session(calm: str) -> None:
    phone = Polling(calm).opened()
    waiting = phone.begins_poll()
    assert phone.poll().status_code == 400
    answer = waiting.getresponse()
    assert (answer.status, answer.read()) == (200, b"1")
    assert phone.poll().status_code == 400


def test_a_second_push_while_one_is_read_ends_the_session(calm: str) -> None:
    phone = Polling(calm).opened()
    slow = phone.begins_push(b"4", of=10)
    assert phone.push("3").status_code == 400
    slow.close()
    assert phone.poll().status_code == 400


@pytest.mark.parametrize("body", ["abc", "", "9", "0{}", "2", "5", "b=", "3\x1e", b"\xff"])
def test_a_malformed_push_ends_the_session(calm: str, body: str | bytes) -> None:
    phone = Polling(calm).opened()
    assert phone.push(body).status_code == 400
    assert phone.poll().status_code == 400


def test_a_push_beyond_the_limit_ends_the_session(calm: str) -> None:
    phone = Polling(calm).opened()
    assert phone.push("4" * 1_000_001).status_code == 413
    assert phone.poll().status_code == 400


@pytest.mark.parametrize("packet", ["abc", "", "9", "0{}", "2", "5"])
def test_a_malformed_packet_ends_the_websocket(calm: str, packet: str) -> None:
    phone = RawWebSocket.opened(calm)
    phone.sends(packet)
    assert phone.is_closed()


def test_several_packets_and_base64_in_one_payload(calm: str) -> None:
    phone = Polling(calm).opened()
    assert phone.push("40").status_code == 200
    assert phone.poll().text.split("\x1e")[1] == '42["auth",{}]'
    text, binary = '42["message",1]', '451-["message",{"_placeholder":true,"num":0}]\x1ebAQIDBA=='
    assert phone.push(f"{text}\x1e{binary}").status_code == 200
    answer = phone.poll().text
    assert answer == f"{text}\x1e{binary}".replace('"message"', '"message-back"')


def test_upgrade(calm: str) -> None:
    phone = Polling(calm).opened()
    phone.push("40")
    assert len(phone.poll().text.split("\x1e")) == 2
    waiting = phone.begins_poll()
    socket = RawWebSocket(calm, f"{WEBSOCKET}&sid={phone.sid}")
    socket.sends("2probe")
    assert socket.reads() == "3probe"
    assert waiting.getresponse().read() == b"6"
    assert phone.poll().text == "6"
    phone.push('42["message","sent by polling, answered by WebSocket"]')
    socket.sends("5", '42["message","second"]')
    assert "sent by polling" in socket.reads_text()
    assert socket.reads() == '42["message-back","second"]'


def upgraded(address: str) -> tuple[Polling, RawWebSocket]:
    phone = Polling(address).opened()
    socket = RawWebSocket(address, f"{WEBSOCKET}&sid={phone.sid}")
    socket.sends("2probe", "5")
    assert socket.reads() == "3probe"
    socket.sends("40")
    assert socket.reads_text().startswith("40")
    return phone, socket


def test_an_upgraded_session_takes_no_http_request(calm: str) -> None:
    phone, socket = upgraded(calm)
    assert phone.poll().status_code == 400
    assert phone.push("3").status_code == 400
    assert socket.reads() == '42["auth",{}]'


def is_ended_at_once(second: RawWebSocket) -> bool:
    """Whether it was shaken hands with, and then heard a close frame and the end of the stream."""
    return second.refused is None and [opcode for opcode, _ in second.hears_out()] == [CLOSE]


def test_an_upgraded_session_takes_no_second_websocket(calm: str) -> None:
    phone, socket = upgraded(calm)
    assert is_ended_at_once(RawWebSocket(calm, f"{WEBSOCKET}&sid={phone.sid}"))
    assert socket.reads() == '42["auth",{}]'
    socket.sends('42["message","still here"]')
    assert socket.reads() == '42["message-back","still here"]'


def test_a_session_of_websocket_takes_no_second_one(calm: str) -> None:
    socket = RawWebSocket(calm, WEBSOCKET)
    sid = json.loads(socket.reads_text()[1:])["sid"]
    assert is_ended_at_once(RawWebSocket(calm, f"{WEBSOCKET}&sid={sid}"))


def test_a_session_that_is_being_upgraded_takes_no_second_websocket(calm: str) -> None:
    phone = Polling(calm).opened()
    first = RawWebSocket(calm, f"{WEBSOCKET}&sid={phone.sid}")
    assert is_ended_at_once(RawWebSocket(calm, f"{WEBSOCKET}&sid={phone.sid}"))
    first.sends("2probe", "5", "40")
    assert first.reads() == "3probe"
    assert first.reads_text().startswith("40")


def test_an_upgrade_is_done_before_the_request_that_was_sent_after_it(calm: str) -> None:
    phone = Polling(calm).opened()
    polling = phone.connects()
    socket = RawWebSocket(calm, f"{WEBSOCKET}&sid={phone.sid}")
    with held_up(calm):
        socket.sends("2probe")
        socket.sends("5")
        phone.begins_poll(polling)
    assert polling.getresponse().status == 400
    assert socket.reads() == "3probe"


def test_an_upgrade_that_is_not_done_leaves_its_polls_alone(calm: str) -> None:
    phone = Polling(calm).opened()
    polling = phone.connects()
    socket = RawWebSocket(calm, f"{WEBSOCKET}&sid={phone.sid}")
    with held_up(calm):
        socket.sends("2probe")
        phone.begins_poll(polling)
    answer = polling.getresponse()
    assert (answer.status, answer.read()) == (200, b"6")
    assert socket.reads() == "3probe"


@pytest.mark.parametrize("said", [["5"], ["2"], ["2probe", "2probe"], ["40"]])
def test_a_failed_upgrade_leaves_polling_as_it_was(calm: str, said: list[str]) -> None:
    phone = Polling(calm).opened()
    phone.push("40")
    socket = RawWebSocket(calm, f"{WEBSOCKET}&sid={phone.sid}")
    socket.sends(*said)
    assert socket.is_closed()
    answer = phone.poll().text
    while answer == "6":
        answer = phone.poll().text
    assert answer.startswith("40")
