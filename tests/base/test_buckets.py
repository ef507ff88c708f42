"""Buckets: bursts are let through, who never stops gets on evenly, and nothing is kept for long."""

from dataclasses import dataclass

import pytest

from base.counting.buckets import Buckets, Limit

LIMIT = Limit("knock", 10, 60.0)
DEAR = Limit("ring", 10, 60.0)


@dataclass
class Hand:
    """A clock that a test turns."""

    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand() -> Hand:
    """Some moment."""
    return Hand()


def taken(buckets: Buckets, who: str, times: int, limit: Limit = LIMIT) -> int:
    """How many of so many tries got a token."""
    return sum(buckets.take(limit, who) >= 0 for _ in range(times))


def test_a_burst_is_let_through_whole_and_the_next_one_waits(hand: Hand) -> None:
    buckets = Buckets(hand)
    assert taken(buckets, "bob", 12) == 10
    assert buckets.take(LIMIT, "bob") == pytest.approx(-6.0)


def test_who_waits_as_long_as_told_gets_one_and_who_comes_sooner_none(hand: Hand) -> None:
    buckets = Buckets(hand)
    taken(buckets, "bob", 10)
    hand.at += 5.99
    assert taken(buckets, "bob", 1) == 0
    hand.at += 0.01
    assert taken(buckets, "bob", 2) == 1


def test_tries_that_are_refused_cost_nothing(hand: Hand) -> None:
    buckets = Buckets(hand)
    taken(buckets, "bob", 1_000)
    hand.at += 60
    assert taken(buckets, "bob", 11) == 10


@pytest.mark.parametrize("most", [1, 3, 7, 600, 12_000, 120_000])
def test_a_bucket_gives_all_that_it_has_whatever_the_sums_of_seconds_are(hand: Hand, most: int) -> None:
    limit = Limit("many", most, 600.0)
    buckets = Buckets(hand)
    assert taken(buckets, "bob", most + 1, limit) == most


def test_what_is_left_is_told_in_whole_ones(hand: Hand) -> None:
    buckets = Buckets(hand)
    assert [LIMIT.left(buckets.take(LIMIT, "bob")) for _ in range(11)] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]


def test_nobody_pays_for_another_nor_for_another_limit(hand: Hand) -> None:
    buckets = Buckets(hand)
    taken(buckets, "bob", 100)
    assert taken(buckets, "carol", 10) == taken(buckets, "bob", 10, DEAR) == 10


def test_what_costs_more_than_there_ever_is_takes_a_full_bucket(hand: Hand) -> None:
    buckets = Buckets(hand)
    assert buckets.take(LIMIT, "bob", 25) == 0
    assert buckets.take(LIMIT, "bob", 25) == pytest.approx(-60)
    hand.at += 60
    assert buckets.take(LIMIT, "bob", 4) == pytest.approx(36)


def test_to_look_takes_nothing(hand: Hand) -> None:
    buckets = Buckets(hand)
    assert all(LIMIT.left(buckets.look(LIMIT, "bob")) == 9 for _ in range(20))
    taken(buckets, "bob", 10)
    assert buckets.look(LIMIT, "bob") == pytest.approx(-6.0)


def test_who_has_been_quiet_for_two_windows_leaves_nothing_behind(hand: Hand) -> None:
    buckets = Buckets(hand)
    for who in range(1_000):
        buckets.take(LIMIT, who)
    for _ in range(3):
        hand.at += 60
        buckets.take(LIMIT, "bob")
    assert buckets.held() <= 2


def test_a_debt_is_not_forgotten_while_a_generation_passes(hand: Hand) -> None:
    buckets = Buckets(hand)
    buckets.take(LIMIT, "somebody")
    hand.at += 59
    taken(buckets, "bob", 10)
    for _ in range(5):
        hand.at += 1
        buckets.take(LIMIT, "somebody")
        assert taken(buckets, "bob", 1) == 0


def test_however_many_knock_what_is_kept_stays_small_and_the_busiest_is_known(hand: Hand) -> None:
    buckets = Buckets(hand, most_kept=100)
    let_in = 0
    for stranger in range(10_000):
        buckets.take(LIMIT, stranger)
        if stranger % 50 == 0:
            let_in += taken(buckets, "bob", 5)
    assert buckets.held() <= 200
    assert let_in == 10


def test_what_others_took_raises_what_is_owed_and_never_lowers_it(hand: Hand) -> None:
    buckets = Buckets(hand)
    taken(buckets, "bob", 5)
    buckets.hear((LIMIT, "bob"), 12.0)
    assert taken(buckets, "bob", 10) == 5
    buckets.hear((LIMIT, "carol"), 48.0)
    assert taken(buckets, "carol", 10) == 2


def test_no_word_from_outside_holds_anybody_up_for_ever(hand: Hand) -> None:
    buckets = Buckets(hand)
    buckets.hear((LIMIT, "bob"), 1e12)
    hand.at += 66
    assert taken(buckets, "bob", 1) == 1


def test_a_crowd_has_more_the_more_they_are(hand: Hand) -> None:
    buckets, crowd = Buckets(hand), Limit("shout", 10, 60.0, for_each=5)
    assert sum(buckets.take(crowd, "few", members=2) >= 0 for _ in range(100)) == 20
    assert sum(buckets.take(crowd, "many", members=1_000) >= 0 for _ in range(6_000)) == 5_010


def test_a_crowd_that_grows_is_given_more_at_once(hand: Hand) -> None:
    buckets, crowd = Buckets(hand), Limit("shout", 10, 60.0, for_each=10)
    assert sum(buckets.take(crowd, "some") >= 0 for _ in range(20)) == 10
    assert sum(buckets.take(crowd, "some", members=9) >= 0 for _ in range(200)) == 90
    hand.at += 30
    assert sum(buckets.take(crowd, "some", members=9) >= 0 for _ in range(100)) == 50
    assert sum(buckets.take(crowd, "some") >= 0 for _ in range(100)) == 0


def test_what_is_put_back_can_be_taken_again(hand: Hand) -> None:
    buckets = Buckets(hand)
    taken(buckets, "bob", 10)
    buckets.put_back(LIMIT, "bob", 3)
    assert taken(buckets, "bob", 10) == 3
    hand.at += 600
    buckets.put_back(LIMIT, "bob", 3)
    assert taken(buckets, "bob", 20) == 10
