"""Frames and channels: any splitting, any slowness, and nothing out of order."""

import socket
import time

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.engine.channel import Backlog, Channel
from live.engine.deflate import ACCEPTED, InflateError, accepted, deflate, inflate
from live.engine.frames import BINARY, TEXT, FrameReader, close_frame
from live.engine.packets import Outgoing
from tests.raw_socket import frame

messages = st.one_of(st.text(max_size=300), st.binary(max_size=300))


@given(st.lists(messages, max_size=8), st.data())
def test_messages_survive_any_splitting(sent: list[str | bytes], data: st.DataObject) -> None:
    stream = b"".join(frame(TEXT, m.encode()) if isinstance(m, str) else frame(BINARY, m) for m in sent)
    reader, received, at = FrameReader(1_000, deflates=False), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, len(stream) - at))
        received += [message for _, message in reader.feed(stream[at : at + size])]
        at += size
    assert received == sent


@given(st.binary(max_size=2_000))
def test_what_is_deflated_inflates(data: bytes) -> None:
    assert inflate(deflate(data), 2_000) == data


def test_a_bomb_is_not_inflated() -> None:
    with pytest.raises(InflateError) as refused:
        inflate(deflate(b"0" * 10_000_000), 64_000)
    assert refused.value.too_large


@pytest.mark.parametrize(
    ("offer", "answered"),
    [
        ("permessage-deflate; client_max_window_bits", True),
        ("permessage-deflate", True),
        ("x-webkit-deflate-frame, permessage-deflate; server_no_context_takeover", True),
        ("permessage-deflate; server_max_window_bits=10", False),
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate", True),
        ("permessage-bzip2", False),
        ("", False),
    ],
)
def test_offers_of_compression(offer: str, answered: bool) -> None:
    assert accepted(offer) is answered
    assert accepted(ACCEPTED)


def a_channel(limits: Backlog, buffer: int = 4_096) -> tuple[Channel, socket.socket]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    channel = Channel(ours, FrameReader(1_000, deflates=False), limits, deflates=False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    return channel, theirs


def read(theirs: socket.socket, most: int) -> bytes:
    try:
        return theirs.recv(most)
    except BlockingIOError:
        return b""


def over_tcp() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


def read_to_the_end(theirs: socket.socket) -> bytes:
    """All that is said until the stream ends, which has to be long before the channel gives up on its client."""
    received, deadline = b"", time.monotonic() + 1.5
    while time.monotonic() < deadline:
        gevent.sleep(0)
        try:
            data = theirs.recv(65_536)
        except BlockingIOError:
            continue
        if not data:
            return received
        received += data
    raise TimeoutError("the stream has not ended")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6_000), st.integers(0, 9_000)), min_size=1, max_size=40))
def test_a_reader_of_any_speed_gets_everything_in_order(steps: list[tuple[int, int]]) -> None:
    channel, theirs = a_channel(Backlog())
    sent, received = b"", b""
    for number, (size, taken) in enumerate(steps):
        data = bytes((number,)) * size
        assert channel.write(data)
        sent += data
        received += read(theirs, taken or 1)
        gevent.sleep(0)
    deadline = time.monotonic() + 60
    while len(received) < len(sent) and time.monotonic() < deadline:
        received += read(theirs, 65_536)
        gevent.sleep(0)
    assert received == sent
    channel.cut()
    theirs.close()


@pytest.mark.parametrize("limits", [Backlog(most_bytes=50_000), Backlog(most_packets=20)])
def test_a_full_backlog_takes_no_more_and_stays_in_bounds(limits: Backlog) -> None:
    channel, theirs = a_channel(limits)
    taken = 0
    while channel.write(b"x" * 2_000):
        taken += 1
        assert taken < 1_000
    assert taken >= 20
    channel.cut()
    theirs.close()


def test_the_time_to_hear_the_last_words_begins_when_they_are_said() -> None:
    gevent.sleep(0.01)
    time.sleep(2.1)  # the loop is busy, and its clock stands still
    channel, theirs = a_channel(Backlog())
    channel.write(b"y" * 100_000)
    channel.close(1000, "enough")
    gevent.sleep(0.05)
    assert read_to_the_end(theirs).endswith(close_frame(1000, "enough"))
    theirs.close()
    gevent.sleep(0)


def test_a_closing_channel_says_its_last_words_behind_the_rest() -> None:
    channel, theirs = a_channel(Backlog())
    data = b"y" * 100_000
    channel.write(data)
    channel.close(1000, "enough")
    channel.write(b"too late")
    assert read_to_the_end(theirs) == data + close_frame(1000, "enough")
    theirs.close()
    gevent.sleep(0)


def test_a_channel_that_hangs_up_says_no_more_than_it_had_said() -> None:
    channel, theirs = a_channel(Backlog())
    data = b"y" * 100_000
    channel.write(data)
    channel.hang_up()
    channel.close(1000, "too late")
    assert read_to_the_end(theirs) == data
    theirs.close()
    gevent.sleep(0)


def test_what_the_client_says_at_the_end_loses_it_nothing() -> None:
    ours, theirs = over_tcp()
    channel = Channel(ours, FrameReader(1_000, deflates=False), Backlog(), deflates=False)
    data = b"y" * 100_000
    channel.write(data)
    theirs.sendall(frame(TEXT, b"4and another thing") * 100)
    channel.close(1000, "enough")
    for _ in range(20):
        gevent.sleep(0)
        theirs.sendall(frame(TEXT, b"4and another thing"))
    assert read_to_the_end(theirs) == data + close_frame(1000, "enough")
    theirs.close()
    gevent.sleep(0)


def test_a_broadcast_is_framed_and_deflated_once() -> None:
    post = '42["post.created",{"text":"' + "words " * 200 + '"}]'
    outgoing = Outgoing(post)
    assert outgoing.framed(deflates=False) is outgoing.framed(deflates=False)
    assert outgoing.framed(deflates=True) is outgoing.framed(deflates=True)
    assert len(outgoing.framed(deflates=True)) < len(post) / 4
    short = Outgoing("42[]")
    assert short.framed(deflates=True) == short.framed(deflates=False)
