"""The decision at the moment of sending: what goes out, what is dropped and why, what waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from journal.order import BEGINNING
from push.sending.checks import (
    Defer,
    Drop,
    Known,
    Phone,
    Reads,
    Send,
    Subject,
    Verdict,
    Wishes,
    quiet_ends,
    verdict,
)

NOW = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)  # a Wednesday, 23:00 in Seoul
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NIGHT = {"weekly": [{"days": WEEK, "from": "22:00", "to": "07:00"}]}
OFFICE = {"weekly": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}]}
PERSON, POST = uuid4(), uuid4()
QUIET = Wishes("Asia/Seoul", quiet_hours=NIGHT)
MESSAGES = ("message", "reply", "mention", "direct")


def known(why: str = "message", **changed: Any) -> Known:
    """A delivery that nothing speaks against."""
    made = Known(
        "show",
        why,
        PERSON,
        NOW + DAY,
        Phone(True, True, "address", NOW),
        Wishes("Asia/Seoul"),
        Subject(POST, uuid4(), "post.created", 7, uuid4()),
        Reads("all", BEGINNING),
    )
    return replace(made, **changed)


def judged(why: str = "message", **changed: Any) -> Verdict:
    return verdict(known(why, **changed), NOW)


def about(**changed: Any) -> dict[str, Subject]:
    return {"subject": replace(known().subject, **changed)}


@pytest.mark.parametrize("why", [*MESSAGES, "announcement", "alert", "muster", "digest", "test", "sign_in"])
def test_what_nothing_speaks_against_is_sent(why: str) -> None:
    assert judged(why) == Send()


@pytest.mark.parametrize("why", ["message", "alert", "sync"])
@pytest.mark.parametrize("action", ["show", "withdraw", "wake"])
def test_the_phone_must_still_be_the_persons_and_reachable(why: str, action: str) -> None:
    for phone, reason in (
        (Phone(False, True, "address", NOW), "device_changed_hands"),
        (Phone(True, False, "address", NOW), "signed_out"),
        (Phone(True, True, None, NOW), "no_address"),
        (Phone(True, True, "address", NOW - 61 * DAY), "device_silent"),
    ):
        assert judged(why, action=action, phone=phone) == Drop(reason)
    assert judged(why, action=action, phone=Phone(True, True, "address", NOW - 59 * DAY)) == Send()


def test_after_its_time_nothing_is_sent() -> None:
    assert judged("alert", expires_at=NOW) == Drop("ttl")


@pytest.mark.parametrize("why", [*MESSAGES, "announcement", "alert"])
def test_what_may_not_be_read_is_not_told(why: str) -> None:
    assert judged(why, reads=None) == Drop("no_longer_a_member")
    assert judged(why, reads=Reads("all", 7)) == Drop("before_entry")
    assert judged(why, **about(over="deleted")) == Drop("deleted")
    assert judged(why, **about(over="ended")) == Drop("ended")
    assert judged(why, **about(valid_until=NOW)) == Drop("ended")
    assert judged(why, **about(actor_id=PERSON)) == Drop("author")


def test_a_withdrawal_reaches_those_who_have_left() -> None:
    assert judged("announcement", action="withdraw", reads=None, **about(over="ended")) == Send()
    assert judged("sync", action="wake", reads=None) == Send()


@pytest.mark.parametrize("way", ["read", "seen", "acknowledged"])
def test_who_knows_of_it_is_not_told(way: str) -> None:
    for why in (*MESSAGES, "announcement", "alert"):
        assert judged(why, met=frozenset((way,))) == Drop(way)


def test_an_alert_asks_until_it_is_acknowledged() -> None:
    asks = about(asks_acknowledgement=True)
    assert judged("alert", met=frozenset(("read", "seen")), **asks) == Send()
    assert judged("alert", met=frozenset(("read", "acknowledged")), **asks) == Drop("acknowledged")
    of_others = about(asks_acknowledgement=True, event="alert.unanswered")
    assert judged("alert", met=frozenset(("acknowledged",)), **of_others) == Send()
    for over, verdict_then in (("ended", Send()), ("deleted", Drop("deleted"))):
        assert judged("alert", **about(event="alert.unanswered", over=over)) == verdict_then


def test_who_answered_a_roll_call_is_not_called() -> None:
    assert judged("muster", met=frozenset(("answered",))) == Drop("answered")
    assert judged("muster", **about(over="muster_ended")) == Drop("muster_ended")


@pytest.mark.parametrize(
    ("level", "passing"),
    [
        ("all", {*MESSAGES, "announcement", "alert"}),
        ("mentions", {"mention", "reply", "direct", "announcement", "alert"}),
        ("announcements", {"announcement", "alert"}),
        ("nothing", {"alert"}),
    ],
)
def test_levels(level: str, passing: set[str]) -> None:
    for why in (*MESSAGES, "announcement", "alert"):
        expected = Send() if why in passing else Drop("level")
        assert judged(why, reads=Reads(level, BEGINNING)) == expected


def test_a_mute_holds_back_all_but_alerts_until_it_ends() -> None:
    muted, over = Reads("all", BEGINNING, NOW + HOUR), Reads("all", BEGINNING, NOW)
    for why in (*MESSAGES, "announcement"):
        assert judged(why, reads=muted) == Drop("muted")
        assert judged(why, reads=over) == Send()
    assert judged("alert", reads=muted) == Send()


@pytest.mark.parametrize(
    "wishes",
    [QUIET, Wishes("Asia/Seoul", working_hours=OFFICE), Wishes("UTC", do_not_disturb_until=NOW + HOUR)],
)
def test_quiet_time_holds_back_messages_and_lets_emergencies_pass(wishes: Wishes) -> None:
    for why in MESSAGES:
        assert judged(why, wishes=wishes) == Drop("quiet")
    for why in ("alert", "muster", "test", "sign_in"):
        assert judged(why, wishes=wishes) == Send()
    assert isinstance(judged("announcement", wishes=wishes), Defer)
    assert judged(wishes=replace(wishes, on_call_until=NOW + HOUR)) == Send()
    assert judged(wishes=replace(wishes, on_call_until=NOW)) == Drop("quiet")


def test_an_announcement_waits_for_the_morning_while_it_holds() -> None:
    morning = datetime(2026, 3, 4, 22, 0, tzinfo=UTC)  # 07:00 in Seoul
    assert judged("announcement", wishes=QUIET) == Defer(morning)
    assert judged("announcement", wishes=QUIET, **about(valid_until=morning)) == Drop("quiet")
    assert judged("announcement", wishes=QUIET, expires_at=morning - HOUR) == Drop("quiet")


def test_quiet_ends_when_all_of_it_has_ended() -> None:
    late = NOW + timedelta(hours=8, minutes=30)  # 07:30
    both = replace(QUIET, do_not_disturb_until=late)
    assert quiet_ends(both, NOW) == late
    friday = datetime(2026, 3, 6, 10, 0, tzinfo=UTC)  # 19:00 in Seoul, the office opens on Monday at 9
    assert quiet_ends(Wishes("Asia/Seoul", working_hours=OFFICE), friday) == datetime(2026, 3, 9, tzinfo=UTC)


def test_quiet_that_never_ends_defers_nothing() -> None:
    always = Wishes("UTC", quiet_hours={"weekly": [{"days": WEEK, "from": "00:00", "to": "00:00"}]})
    assert quiet_ends(always, NOW) is None
    assert judged("announcement", wishes=always) == Drop("quiet")


def test_hours_that_nobody_can_read_do_not_fail() -> None:
    assert judged(wishes=Wishes("Nowhere/Land", working_hours={"weekly": "soon"})) == Send()
    assert judged("announcement", wishes=Wishes("UTC", working_hours={"weekly": "soon"})) == Send()


def test_off_site_means_quiet_but_for_emergencies_and_on_call() -> None:
    for why in (*MESSAGES, "announcement"):
        assert judged(why, off_site=True) == Drop("off_site")
    for why in ("alert", "muster"):
        assert judged(why, off_site=True) == Send()
    assert judged(off_site=True, wishes=Wishes("UTC", on_call_until=NOW + HOUR)) == Send()
