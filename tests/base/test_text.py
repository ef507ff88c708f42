"""One form for the same text, and something to see in it."""

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

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


@pytest.mark.parametrize(
    "name", ["👩‍🚒 Feuerwehr", "می‌خواهم", "❤️ Kim", "1️⃣", "क्‍ष", "葛\U000e0100城", "👩🏽‍🚒", "🏳️‍🌈 Team", "ᠮᠣ᠋ᠩ"]
)
def test_joiners_and_selectors_may_stand_where_they_are_written_with(name: str) -> None:
    assert text.steering(name) is None


@pytest.mark.parametrize(
    "unseen",
    [
        "\u200d",
        "\u200c",
        "\ufe0f",
        "\U000e0100",
        "\u034f",
        "\u3164",
        "\u115f",
        "\uffa0",
        "\u2800",
        "\u17b4",
        "\U00016fe4",
        "\U0001d159",
        "\u2065",
    ],
)
@pytest.mark.parametrize("name", ["Al{}ice", "{}Alice", "Alice{}", "김{}철수", "佐{}藤"])
def test_what_is_not_seen_makes_no_second_name(name: str, unseen: str) -> None:
    if unseen == "\U000e0100" and name == "佐{}藤":
        return  # a variant of the character
    assert text.steering(name.format(unseen)) == unseen


@pytest.mark.parametrize("name", ["C+\u200d+", "a~\u200db", "^\ufe0fo", "`\u200d`"])
def test_nothing_hides_behind_what_every_keyboard_has(name: str) -> None:
    assert text.steering(name) in ("\u200d", "\ufe0f")


@pytest.mark.parametrize(
    "bad", ["\ufffe", "\uffff", "\U0001fffe", "\ufdd0", "\ud800", "\x1b", "\x7f", "\x85"]
)
def test_what_xml_does_not_take_is_in_no_name(bad: str) -> None:
    assert text.steering(f"Gate {bad}3") == bad
    assert text.without_steering(f"Gate{bad}3") in ("Gate3", "Gate 3")


@given(some.text())
def test_what_is_left_of_a_files_name_has_no_business_elsewhere(name: str) -> None:
    left = text.without_steering(name)
    assert text.steering(left) is None
    assert text.without_steering(left) == left


@pytest.mark.parametrize("mark", ["\u0301", "\u0315", "\u0f73", "\U0001d165", "ְ"])
def test_a_pile_is_more_marks_than_any_script_has(mark: str) -> None:
    assert not text.is_piled("x" + mark * text.MOST_MARKS + "y" + mark * text.MOST_MARKS)
    assert text.is_piled("x" + mark * (text.MOST_MARKS + 1))
    assert not text.is_piled("밸브" * 5_000)


PREFIXES = [
    "",
    " ",
    "\u00a0",
    "\u3000",
    "\u200b",
    "\ufeff",
    "\u202e",
    "\u2060 \u3164",
    "\x00",
    "\t",
    "\r\n",
    "\x0b",
]
LOOK_ALIKES = "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−–—‐‑﹘꞊"


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("sign", LOOK_ALIKES)
def test_no_cell_begins_a_formula(prefix: str, sign: str) -> None:
    cell = f"{prefix}{sign}1+1"
    kept = text.for_spreadsheet(cell)
    assert kept.startswith("'")
    assert kept.replace("'", "") == cell


@pytest.mark.parametrize("parts", [";", "; ", "\t", "\n", "\r\n", ";;", ';"";'])
def test_nor_does_what_stands_behind_what_parts_cells_elsewhere(parts: str) -> None:
    assert text.for_spreadsheet(f"Kim{parts}=1+1") == f"Kim{parts.rstrip(' ')}'{' ' * parts.count(' ')}=1+1"
    assert text.for_spreadsheet(f"Kim{parts}Lee") == f"Kim{parts}Lee"


@pytest.mark.parametrize("cell", ["", "Kim", "3층", "a=b", "'=1", "7", "é", "👍", "(a)", " Kim", "·"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert text.for_spreadsheet(cell) == cell


@settings(max_examples=300)
@example("\u0378=1")
@given(some.text(alphabet=some.characters(exclude_categories=["Cs"])))
def test_a_cell_is_a_formula_for_no_spreadsheet_and_loses_nothing(said: str) -> None:
    cell = text.for_spreadsheet(said)
    assert cell.replace("'", "") == said.replace("'", "")
    for part in re.split("[;\t\r\n]", cell):
        plain = unicodedata.normalize("NFKC", part)
        shown = "".join(each for each in plain if unicodedata.category(each)[0] not in "CZ")
        assert not shown.startswith(("=", "+", "-", "@"))
    assert not cell.startswith(("\t", "\r", "\n"))
    out = io.StringIO()
    csv.writer(out).writerow([cell, "next"])
    if "\0" not in cell:
        assert next(csv.reader(io.StringIO(out.getvalue(), newline=""))) == [cell, "next"]


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
