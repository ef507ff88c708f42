"""One rule for text that comes from outside, whoever typed it on whatever.

The same word may come in several forms. A Mac writes Hangul and accents in parts (NFD), others whole (NFC); somebody
types a space before the address, or it in capitals. Stored and compared is one form:

    what people say     NFC, as it is otherwise; there has to be something to see in it
    names               also trimmed, one space between words, one line, no characters that steer or hide
    addresses           also in small letters
    secrets             NFC alone (RFC 8265), and never anything else of them is touched

Whether there is something to see is not whether there are letters: some letters and symbols are blank.
"""

import re
import unicodedata

_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U00016fe4\U0001d159")
_JOINERS = frozenset("\u200c\u200d")
_COMBINING_JOINER = "\u034f"
# Where letters are joined, or kept from it: Arabic to Myanmar, Khmer and Mongolian, and those of India and Java beyond.
_JOINING = ((0x0600, 0x109F), (0x1780, 0x18AF), (0x1900, 0x1CFF), (0xA800, 0xABFF), (0x10A00, 0x11FFF))
_HAN = ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD))
_MONGOLIAN = ((0x1800, 0x18AF),)
_SELECTORS = ((0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
# Code points that are kept free for characters without an outline, and may be assigned some day.
_IGNORED = ((0x2065, 0x2065), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF))
# Marks that count as letters until they are taken apart.
_MARKS_IN_PARTS = frozenset("\u0f73\u0f75\u0f81")
MOST_MARKS = 30
"""So many marks may one character bear: as in Unicode's stream-safe text (UAX 15), no script needs more."""
_LONGEST_NAME = 1_000
_CELLS = re.compile("([;\t\r\n])")
# What a spreadsheet takes for the beginning of a formula, and what some of them make of dashes.
_FORMULA = frozenset("=+-@\u2212\ua78a")


def normalised(text: str) -> str:
    """The composed form (NFC), in which the same text has the same characters."""
    return unicodedata.normalize("NFC", text)


def shows_something(text: str) -> bool:
    """Whether there is anything to see: not only spaces, and not only characters without an outline."""
    return any(map(_is_seen, text))


def one_line(text: str) -> str:
    """A name as it is kept: composed, trimmed, with one space between words."""
    return " ".join(normalised(text).split())


def is_piled(text: str) -> bool:
    """Whether one character bears more marks than any has; to compose a pile takes the square of its height."""
    if text.isascii() or len(text) <= MOST_MARKS or not any(map(_is_mark, set(text))):
        return False
    height = 0
    for each in text:
        height = height + 1 if _is_mark(each) else 0
        if height > MOST_MARKS:
            return True
    return False


def shortened(text: str, most: int) -> str:
    """The text, cut to `most` characters where it has more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def steering(text: str) -> str | None:
    """The first character that has no business in a name (a control, a direction, an invisible one), or None.

    Joiners and selectors of variants may stand where they are written with: in some scripts, and in emoji.
    """
    around = zip(f" {text}", text, f"{text[1:]} ", strict=False)
    return next((each for before, each, after in around if _has_no_business(before, each, after)), None)


def without_steering(text: str) -> str:
    """A name out of a file, where nobody can be asked: what has no business in it is left out, and so are joiners."""
    text = text[:_LONGEST_NAME]
    around = zip(f" {text}", text, strict=False)
    kept = (" " if each.isspace() else "" if _is_left_out(before, each) else each for before, each in around)
    return one_line("".join(kept))


def for_spreadsheet(text: str) -> str:
    """What stands in a table's cell; behind an apostrophe where a spreadsheet might take it for a formula.

    It skips what is not seen and knows `=` also in full width, small, or raised, so all of that counts here. Where
    columns are parted by semicolons or tabs it begins a cell behind each, and after a line's end, quoted or not.
    """
    plain = "".join(_no_formula(part) for part in _CELLS.split(text))
    return f"'{plain}" if text[:1] in ("\t", "\r", "\n") else plain


def _no_formula(text: str) -> str:
    outlined = (each for each in text if _is_seen(each) and unicodedata.category(each)[0] != "C")
    seen = next(outlined, "")
    plain = unicodedata.normalize("NFKC", seen)[:1]
    looks = plain in _FORMULA or (plain and unicodedata.category(plain) == "Pd")
    return f"'{text}" if looks else text


def address(text: str) -> str:
    """An e-mail address, or the short name of an organisation, as it is kept and looked up.

    Each letter becomes one small letter, as in PostgreSQL's `lower`: `İ` is `i` to both, or one account had two names.
    """
    small = (each.lower()[0] for each in normalised(text).strip())
    return normalised("".join(small))


def alike(text: str) -> str:
    """The form in which two names that read alike are equal."""
    return unicodedata.normalize("NFKC", one_line(text)).casefold()


def _has_no_business(before: str, each: str, after: str) -> bool:
    if each in _JOINERS:
        joins = _is_in(before, _JOINING) or _is_emoji(before) or _is_in(before, _SELECTORS)
        return not joins or after.isspace()
    return _is_left_out(before, each)


def _is_left_out(before: str, each: str) -> bool:
    """Whether it is to be left out of a name, standing behind `before`."""
    if _is_in(each, _SELECTORS):
        return not _varies(before, each)
    return _steers(each) or each in _BLANK or each == _COMBINING_JOINER


def _varies(before: str, selector: str) -> bool:
    """Whether a selector may choose among the forms of the character that it follows."""
    if selector in "\ufe0e\ufe0f":
        return _is_emoji(before) or before in "0123456789#*"
    return _is_in(before, _MONGOLIAN if selector < "\ufe00" else _HAN)


def _steers(each: str) -> bool:
    category = unicodedata.category(each)
    return category in ("Cc", "Cf", "Cs", "Zl", "Zp") or (category == "Cn" and not _is_seen(each))


def _is_mark(each: str) -> bool:
    return unicodedata.combining(each) != 0 or each in _MARKS_IN_PARTS


def _is_emoji(each: str) -> bool:
    """Symbols, and what gives them a colour; none that were there before screens."""
    return not each.isascii() and (unicodedata.category(each) in ("So", "Sk", "Sm", "Cn") or each in "‼⁉〰〽")


def _is_in(each: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= ord(each) <= high for low, high in ranges)


def _is_seen(each: str) -> bool:
    category = unicodedata.category(each)
    if category == "Cn":
        return not (_is_in(each, _IGNORED) or _is_no_character(ord(each)))
    return (category[0] in "LNPS" or category == "Co") and each not in _BLANK


def _is_no_character(point: int) -> bool:
    """Code points that are none for ever; XML does not even take them."""
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
