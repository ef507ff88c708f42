"""One form for the same text, and something to see in it."""

import unicodedata

import pytest

from base import text
from tests.stories.texts import UNSEEN


@pytest.mark.parametrize("unseen", [*UNSEEN, UNSEEN, "\u0301", "\ufe0f", "\u202e\u202c"])
def test_there_is_nothing_to_see(unseen: str) -> None:
    assert not text.shows_something(unseen)
    assert not text.shows_something(unseen * 3)


@pytest.mark.parametrize(
    "seen", ["a", "밸브", "👍", "👩‍🚒", "—", "7", "e\u0301", "\u200bx", "क्षि", "\U0001fae9"]
)
def test_there_is_something_to_see(seen: str) -> None:
    assert text.shows_something(seen)


@pytest.mark.parametrize("name", ["3층 병동", "Café du Dépôt", "Ångström", "ゲート"])
def test_parts_and_whole_are_one_name(name: str) -> None:
    parts = unicodedata.normalize("NFD", name)
    assert parts != unicodedata.normalize("NFC", name)
    for rule in (text.normalised, text.one_line, text.without_steering, text.address, text.alike):
        assert rule(parts) == rule(name)


@pytest.mark.parametrize("bad", ["\u202e", "\u200b", "\u0007", "\u2066", "\ufeff", "\U000e0041", "\u2029"])
def test_what_steers_or_hides_is_found_in_a_name_and_left_out_of_a_files(bad: str) -> None:
    assert text.steering(f"Gate{bad}3") == bad
    assert text.without_steering(f"Gate{bad} 3") in ("Gate 3", "Gate  3".replace("  ", " "))


@pytest.mark.parametrize("name", ["👩‍🚒 Feuerwehr", "می‌خواهم"])
def test_joiners_may_stand_in_a_name(name: str) -> None:
    assert text.steering(name) is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("adm\u0130n@example.com", "admin@example.com"),
        ("\u3000mina@example.com\t", "mina@example.com"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert text.address(typed) == kept
    assert text.address(kept) == kept
