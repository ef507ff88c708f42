"""What a notification may be, and how it is cut to size."""

from dataclasses import replace
from datetime import timedelta

import pytest
from firebase_admin import messaging

from push.words.messages import MAX_PAYLOAD, Push, UnsendablePush, build_message, cut, payload_size

PUSH = Push("a" * 20, "token", "Alice", "hello", {"post_id": "1"}, "c", "t", timedelta(hours=1))


@pytest.mark.parametrize("body", ["x" * 10_000, "가" * 10_000, "👩‍👩‍👧‍👦" * 2_000, "é" * 9_000])
def test_a_long_body_is_cut_to_size(body: str) -> None:
    message: messaging.Message = build_message(replace(PUSH, body=body))
    sent = message.notification.body
    # What APNs has of its own counts with it.
    assert MAX_PAYLOAD - 400 < payload_size(replace(PUSH, body=sent)) <= MAX_PAYLOAD
    assert sent.endswith("…")


def test_no_visible_character_is_torn_apart() -> None:
    family = "👩‍👩‍👧‍👦"
    assert cut(family * 3, len(family) * 2) == family + "…"
    assert cut("e\u0301" * 4, 4) == "e\u0301…"
    assert cut("short", 10) == "short"


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"from": "x"}},
        {"data": {"google.x": "x"}},
        {"ttl": timedelta(days=29)},
        {"address_kind": "topic"},
        {"data": {"k": "x" * 5_000}},
    ],
)
def test_what_fcm_would_refuse_is_not_sent(change: dict[str, object]) -> None:
    with pytest.raises(UnsendablePush):
        build_message(replace(PUSH, **change))
