"""Whose seat a newcomer gets, and when there is none."""

from typing import Any

import pytest

from live.front.seats import Room, Seats, Waits, block_of


class Seated:
    """A connection as the table of seats knows it."""

    closed = False

    def setsockopt(self, *_: Any) -> None:
        """It is about to be closed."""

    def send(self, words: bytes, *_: Any) -> None:
        self.heard = words

    def close(self) -> None:
        self.closed = True


def test_who_waits_longest_makes_room_and_who_is_at_work_does_not() -> None:
    seats = Seats(Room(most=5, spare=1, per_address=0))
    seat = {}
    for number, waits in enumerate([Waits.ANSWER, None, Waits.REST, Waits.FIRST_HEAD, Waits.BODY]):
        seat[waits] = seats.take(Seated(), f"10.0.0.{number}")
        seats.wait(seat[waits], waits)
    socks = {waits: taken.sock for waits, taken in seat.items()}
    for waits in (Waits.FIRST_HEAD, Waits.REST, Waits.BODY, Waits.ANSWER):
        assert not socks[waits].closed
        newcomer = seats.take(Seated(), "10.0.1.1")
        assert newcomer is not None
        assert not newcomer.spare
        assert socks[waits].closed
        assert (waits is Waits.BODY) == hasattr(socks[waits], "heard")
        assert seats.taken == 5
    spare = seats.take(Seated(), "10.0.1.2")
    assert spare is not None
    assert spare.spare
    assert seats.take(Seated(), "10.0.1.3") is None
    assert not socks[None].closed
    seats.leave(seat[Waits.BODY])  # it finds out only now that its seat is another's
    assert seats.taken == 6
    for waits in (None, Waits.REST):
        seats.leave(seat[waits])
    assert seats.taken == 5


def test_an_address_makes_room_among_its_own() -> None:
    seats = Seats(Room(most=100, per_address=2))
    other = seats.take(Seated(), "10.0.0.9")
    seats.wait(other, Waits.FIRST_HEAD)
    first, second = seats.take(Seated(), "10.0.0.1"), seats.take(Seated(), "10.0.0.1")
    assert seats.take(Seated(), "10.0.0.1") is None
    sock = second.sock
    seats.wait(second, Waits.REST)
    assert seats.take(Seated(), "10.0.0.1") is not None
    assert sock.closed
    assert first.sock is not None
    assert other.sock is not None
    for _ in range(5):
        assert seats.take(Seated(), "127.0.0.1") is not None


@pytest.mark.parametrize(
    ("one", "another", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::2:3:4:5", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_what_counts_as_one_address(one: str, another: str, same: bool) -> None:
    assert (block_of(one) == block_of(another)) is same
