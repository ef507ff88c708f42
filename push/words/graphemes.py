"""Cutting text where no visible character is torn, and taking out what could make it look like another.

The rules join more than Unicode's (UAX #29) where the two differ, never less: a cut may come a little early.
"""

import unicodedata
from functools import lru_cache

_ELLIPSIS = "…"
_ZWJ, _PLACED = "\u200d", "\u0e33\u0eb3\uff9e\uff9f"  # vowels and marks that are letters by category
# Direction marks and overrides, and what is not seen at all; the joiners and the tags of flags stay.
_UNSEEN = dict.fromkeys(
    [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x200E, 0x200F, 0x061C, 0x2060, 0xFEFF]
)


def cut(text: str, length: int) -> str:
    """The first `length` characters at most, never ending inside a visible one, with an ellipsis."""
    if len(text) <= length:
        return text
    end = max(0, length - 1)
    while end > 0 and _joined(text, end):
        end -= 1
    return text[:end].rstrip() + _ELLIPSIS


def cut_to_bytes(text: str, room: int) -> str:
    """The text, cut so that it takes `room` bytes at most inside a JSON string; empty where nothing fits."""
    if json_bytes(text) <= room:
        return text
    low, high = 0, min(len(text), room)
    while low < high:
        middle = (low + high + 1) // 2
        if json_bytes(cut(text, middle)) <= room:
            low = middle
        else:
            high = middle - 1
    return cut(text, low) if low else ""


def json_bytes(text: str) -> int:
    """The bytes of a text inside a JSON string."""
    if text.isascii() and text.isprintable():
        return len(text) + text.count('"') + text.count("\\")
    escaped = sum(5 for character in text if character < " ") + text.count('"') + text.count("\\")
    return len(text.encode()) + escaped


@lru_cache(maxsize=4_096)
def one_line(text: str, length: int) -> str:
    """A name for a title: one line, no control or direction characters, at most `length` characters."""
    return cut(" ".join(_plain(text).split()), length)


def plain(text: str) -> str:
    """Words for a body: lines stay, control and direction characters go."""
    return "\n".join(" ".join(_plain(line).split()) for line in text.splitlines()).strip()


def _plain(text: str) -> str:
    seen = text.translate(_UNSEEN)
    return "".join(" " if unicodedata.category(each) in ("Cc", "Zl", "Zp", "Cs") else each for each in seen)


def _joined(text: str, at: int) -> bool:
    """Whether the characters before and after a place belong together."""
    before, after = text[at - 1], text[at]
    if after in _PLACED or before == _ZWJ or unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf"):
        return True
    if 0x1F3FB <= ord(after) <= 0x1F3FF or unicodedata.combining(before) == 9:  # skin tones; conjuncts
        return True
    if _is_flag(before) and _is_flag(after):
        start = at
        while start > 0 and _is_flag(text[start - 1]):
            start -= 1
        return (at - start) % 2 == 1
    return _is_vowel_or_final(after) or (
        _is_initial(before) and (_is_initial(after) or "가" <= after <= "힣")
    )


def _is_flag(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def _is_initial(character: str) -> bool:
    return "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c"


def _is_vowel_or_final(character: str) -> bool:
    return "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7fb"
