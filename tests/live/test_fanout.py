"""Broadcasts over real sockets: slow ones, compressing ones, polling ones, and their order."""

from concurrent.futures import ThreadPoolExecutor

from tests.raw_socket import Polling, RawWebSocket


def test_a_slow_phone_is_cut_off_and_nobody_waits_for_it(calm: str) -> None:
    slow, brisk = RawWebSocket.connected(calm, buffer=4_096), RawWebSocket.connected(calm)
    slow.sends('42["flood",10000,2000]')
    for number in range(50):
        brisk.sends(f'42["message",{number}]')
        assert brisk.reads() == f'42["message-back",{number}]'
    heard = 0
    try:
        while slow.reads_frame():
            heard += 1
    except ConnectionError:
        pass
    assert 0 < heard < 2_000


def test_what_is_queued_is_not_overtaken_by_what_is_written_straight(calm: str) -> None:
    phone = RawWebSocket.connected(calm, buffer=4_096)
    phone.sends('42["flood",2000,200]', '42["message","last"]')
    answers = [phone.reads_text() for _ in range(201)]
    assert [answer.split(",")[1] for answer in answers[:200]] == [str(number) for number in range(200)]
    assert answers[200] == '42["message-back","last"]'


def test_compression_is_negotiated_and_used_where_it_pays(calm: str) -> None:
    phone = RawWebSocket.opened(calm, extensions="permessage-deflate; client_max_window_bits")
    assert "server_no_context_takeover" in phone.headers
    phone.sends("40")
    phone.reads(), phone.reads()
    phone.sends('42["flood",1000,2]', '42["message",1]')
    for _ in range(2):  # each stands alone, since no context is taken over
        _, payload, deflated = phone.reads_frame()
        assert deflated
        assert payload.endswith(b'"' + b"x" * 1_000 + b'"]')
    assert phone.reads_frame()[1:] == (b'42["message-back",1]', False)


def test_none_is_compressed_for_who_did_not_ask(calm: str) -> None:
    phone = RawWebSocket.connected(calm)
    assert "Extensions" not in phone.headers
    phone.sends('42["flood",1000,1]')
    assert phone.reads_frame()[2] is False


def test_polling_gets_the_same_in_order(calm: str) -> None:
    phone = Polling(calm).opened()
    phone.push("40")
    packets = phone.poll().text.split("\x1e")
    with ThreadPoolExecutor() as pool:
        pool.submit(phone.push, '42["flood",1000,100]')
        while len(packets) < 102:
            packets += phone.poll().text.split("\x1e")
    assert [packet.split(",")[1] for packet in packets[2:]] == [str(number) for number in range(100)]


def test_a_polling_phone_that_stops_fetching_is_cut_off(calm: str) -> None:
    phone = Polling(calm).opened()
    phone.push("40")
    phone.push('42["flood",10000,100]')
    answers = [phone.poll().status_code for _ in range(2)]
    assert answers[-1] == 400
