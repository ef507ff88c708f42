"""What phones get, at each level of content: the words, and what must not be among them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from push.outgoing import Outgoing, OutgoingDelivery, OutgoingNotification
from push.standin.rules import breaches
from push.words.catalogue import CATALOGUE
from push.words.compose import STYLES, compose
from push.words.graphemes import cut
from push.words.messages import Push, build_message

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
SAID = OutgoingNotification(
    id=uuid4(),
    organisation_id=uuid4(),
    kind="message",
    scope_id=uuid4(),
    subject_id=uuid4(),
    actor_id=uuid4(),
    position=7,
    epoch=UUID(int=8),
    facts={"type": "post.created"},
    subject_position=7,
    about_id=uuid4(),
    scope_kind="zone",
    scope_name="Gate 3",
    author_name="Alice",
    text="The crane is free.",
    content="sender",
    asks_acknowledgement=False,
    valid_until=None,
    over=None,
)
UNKNOWN: dict[str, Any] = dict.fromkeys(("scope_kind", "scope_name", "author_name", "text")) | {"facts": {}}
TO_BOB = OutgoingDelivery(
    id=uuid4(),
    notification_id=SAID.id,
    person_id=uuid4(),
    device_id=uuid4(),
    why="message",
    action="show",
    priority=3,
    attempts=1,
    expires_at=NOW + timedelta(hours=1),
    holder_id=uuid4(),
    signed_in=True,
    push_address="a" * 40,
    push_address_kind="token",
    last_seen_at=NOW,
    locale="en",
    timezone="UTC",
    quiet_hours=None,
    working_hours=None,
    do_not_disturb_until=None,
    on_call_until=None,
    off_site="quiet",
)
SPOKEN = [why for why in STYLES if why != "sync"]


def pushed(
    why: str = "message", content: str = "sender", *, locale: str = "en", action: str = "show", **said: Any
) -> Push:
    """What Bob's phone gets of what is said; `said` changes it."""
    notification = SAID._replace(kind=why, content=content, **said)
    delivery = TO_BOB._replace(why=why, action=action, locale=locale)
    return compose(Outgoing(delivery, notification), None if action == "wake" else 3, NOW)


def wire(push: Push) -> dict[str, Any]:
    return json.loads(str(build_message(push)))


@pytest.mark.parametrize(
    ("content", "title", "body"),
    [
        ("place", "New message · Gate 3", ""),
        ("sender", "Alice · Gate 3", "New message"),
        ("full", "Alice · Gate 3", "The crane is free."),
        ("id", "New message", ""),
    ],
)
def test_a_scope_decides_what_is_let_out(content: str, title: str, body: str) -> None:
    push = pushed(content=content)
    assert (push.title, push.body) == (title, body)


def test_korean_phones_read_korean() -> None:
    assert pushed("alert", "full", locale="ko").title == "경보 · Gate 3"


def test_all_languages_have_the_same_words() -> None:
    spoken = {locale: set(words) for locale, words in CATALOGUE.items()}
    assert len({frozenset(keys) for keys in spoken.values()}) == 1
    assert set(SPOKEN) <= spoken["en"]


def test_a_conversation_names_nobody_where_names_stay_in() -> None:
    conversation = {"scope_kind": "direct", "scope_name": "Alice and Bob"}
    assert pushed("direct", "place", **conversation).title == "New direct message"
    assert pushed("direct", "sender", **conversation).title == "Alice"


def test_a_busy_scope_is_one_notification_and_a_mention_its_own() -> None:
    message, mention = pushed(), pushed("mention")
    assert message.collapse_key == message.data["scope_id"] == message.thread_id
    assert mention.collapse_key == mention.data["post_id"]
    assert "collapse_key" not in wire(mention)["android"]


def test_an_alert_breaks_through_and_a_message_does_not() -> None:
    alert, message = wire(pushed("alert")), wire(pushed())
    assert alert["apns"]["payload"]["aps"]["interruption-level"] == "time-sensitive"
    assert alert["android"]["notification"]["channel_id"] == "alerts"
    assert "sound" not in message["apns"]["payload"]["aps"]


@pytest.mark.parametrize("action", ["withdraw", "wake"])
def test_silent_ones_carry_no_words(action: str) -> None:
    message = wire(pushed("alert", "full", action=action))
    assert "notification" not in message
    assert message["apns"]["headers"]["apns-priority"] == "5"
    assert not any(word in json.dumps(message) for word in ("Alice", "Gate 3", "crane"))


def test_a_withdrawal_sets_the_badge_and_a_wake_leaves_it() -> None:
    withdrawal, wake = (wire(pushed("alert", action=action)) for action in ("withdraw", "wake"))
    assert withdrawal["apns"]["headers"]["apns-push-type"] == "alert", "Apple takes a badge no other way"
    assert withdrawal["apns"]["payload"]["aps"] == {"content-available": 1, "badge": 3}
    assert withdrawal["data"]["badge"] == "3"
    assert wake["apns"]["headers"]["apns-push-type"] == "background"
    assert wake["apns"]["payload"]["aps"] == {"content-available": 1}
    assert "badge" not in wake["data"]


def test_a_withdrawal_has_the_tag_of_what_it_withdraws_when_the_facts_are_gone() -> None:
    push = pushed("alert", action="withdraw", facts={})
    assert push.data["tag"] == push.collapse_key == push.data["post_id"]


def test_names_cannot_pass_for_something_else() -> None:
    push = pushed(author_name="Ali\u202ece\n\u2066Boss\x07")
    assert push.title == "Alice Boss · Gate 3"


@pytest.mark.parametrize(
    "whole",
    ["👩‍👩‍👧‍👦", "👍🏽", "🇰🇷", "각", "e\u0301\u0323", "กำ", "क्षि", "🏴\U000e0067\U000e0062\U000e007f", "❤️"],
)
def test_no_visible_character_is_torn(whole: str) -> None:
    text = whole * 4
    for length in range(len(text)):
        kept = cut(text, length).removesuffix("…")
        assert kept == whole * (len(kept) // len(whole))


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3_000),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.sampled_from(SPOKEN),
    st.sampled_from(["place", "sender", "full", "id"]),
    st.sampled_from(["show", "withdraw", "wake"]),
    st.sampled_from(["en", "ko", "xx"]),
)
def test_whatever_the_facts_fcm_takes_it_and_nothing_leaks(
    text: str, name: str, why: str, content: str, action: str, locale: str
) -> None:
    said = {"text": f"SECRET{text * 3}", "author_name": f"Zoë{name}", "scope_name": name}
    push = pushed(why, content, locale=locale, action=action, **said)
    message = wire(push)
    assert breaches({"message": message}) == []
    encoded = json.dumps(message, ensure_ascii=False)
    assert content == "full" or "SECRET" not in encoded
    assert content in ("full", "sender") or "Zoë" not in encoded


def test_where_nothing_is_known_it_is_shown_without_words() -> None:
    for why in SPOKEN:
        shown = wire(pushed(why, "full", **UNKNOWN))["notification"]
        assert shown["title"]
        assert "{" not in str(shown.values())
