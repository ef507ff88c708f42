"""How a sender slows down and speeds up again."""

from push.sending.throttle import CEILING, FLOOR, Throttle


def answers(throttle: Throttle, now: float, refused: int, of: int, after_s: float | None = None) -> None:
    """A whole round of answers, of which some were refused."""
    for number in range(of):
        throttle.answered(now, refused=number < refused, after_s=after_s)


def test_what_may_be_sent_is_bounded_and_refills() -> None:
    throttle = Throttle(0.0, rate=100.0)
    assert throttle.take(0.0, 250) == 100
    assert throttle.take(0.0, 250) == 0
    assert throttle.wait_s(0.0) > 0
    assert throttle.take(0.5, 250) == 50
    throttle.give_back(50)
    assert throttle.take(0.5, 250) == 50
    assert throttle.take(60.0, 250) == 100


def test_a_quota_that_is_used_up_stops_the_sender_for_as_long_as_fcm_asks() -> None:
    throttle = Throttle(0.0)
    answers(throttle, 1.0, 200, of=200, after_s=30.0)
    assert throttle.take(30.9, 10) == 0
    assert throttle.wait_s(1.0) == 30.0
    assert throttle.take(31.0, 10) == 10
    assert throttle.rate == CEILING / 2


def test_a_pause_is_never_longer_than_a_minute() -> None:
    throttle = Throttle(0.0)
    answers(throttle, 1.0, 200, of=200, after_s=86_400.0)
    assert throttle.take(61.0, 10) == 10


def test_one_phone_that_is_told_too_often_slows_nobody_else() -> None:
    throttle = Throttle(0.0)
    for second in range(1, 11):
        throttle.answered(float(second), refused=True, after_s=60.0)
        answers(throttle, second + 0.5, 0, of=200)
        assert throttle.take(second + 0.5, 200) == 200
    assert throttle.rate > CEILING / 10


def test_a_share_of_refusals_lowers_the_rate_and_quiet_raises_it_again() -> None:
    throttle = Throttle(0.0)
    answers(throttle, 1.0, 100, of=200)
    assert throttle.rate == CEILING * 0.75
    for second in range(2, 60):
        answers(throttle, float(second), 0, of=200)
    assert throttle.rate == CEILING


def test_it_never_falls_below_a_floor() -> None:
    throttle = Throttle(0.0)
    for _ in range(40):
        answers(throttle, 0.0, 200, of=200)
    assert throttle.rate == FLOOR


def test_faults_of_a_few_in_a_hundred_leave_a_fair_rate() -> None:
    throttle = Throttle(0.0)
    now = 0.0
    for _ in range(200):
        now += 200 / throttle.rate
        answers(throttle, now, 10, of=200)
    assert 1_000 < throttle.rate < 1_500
