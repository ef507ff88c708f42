"""Which passwords are too easy to guess to be taken: by what there is to guess in them, and not by kinds of characters.

A password is cut into the pieces of which it is cheapest to tell, as whoever guesses would: common passwords and words
by their rank, what belongs to the person by a guess or two, rows of keys, counting and repeating by where they begin,
years, and single characters for all else. Each costs bits, and the sum has to be `_ENOUGH`: guessing is counted
(`throttle.py`), so what has to be kept out is what is among the first thousands of guesses. It is judged in compatible
form and in small letters (NFKC): wide letters are letters. The list of common ones, the commonest first, is that of
Django's validator, which Royce Williams compiled.
"""

import gzip
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from base.errors import Invalid
from base.text import normalised

MIN_LENGTH = 10
MAX_LENGTH = 200
_LOOKED_AT = 64  # nobody guesses as far, and judging takes the third power of it
_ENOUGH = 30.0
_COMMON = Path(__file__).with_name("common_passwords.txt.gz")
_MORE = (
    "hereabouts",
    "비밀번호",
    "패스워드",
    "안녕하세요",
    "사랑해",
    "사랑해요",
    "대한민국",
    "qlalfqjsgh",
    "dkssudgktpdy",
    "tkfkdgo",
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()",
    "가나다라마바사아자차카타파하",
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ",
    "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ",
    "ㅋㅌㅊㅍㅠㅜㅡ",
)
_LOOKALIKES = str.maketrans("013457@$!", "oleastasi")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST_PIECE, _SHORTEST_PIECE = 24, 3
_OWN_BITS, _ROW_BITS, _AGAIN_BITS, _YEAR_BITS, _TRICK_BITS = 2.0, 4.0, 3.0, 6.0, 1.0


def check_password(password: str, pointer: str = "/password", own: Iterable[str] = ()) -> None:
    """Raise `Invalid` where it is too short, too long or too easily guessed.

    `own` is what everybody knows of the person: name, address, organisation.
    """
    if not MIN_LENGTH <= len(normalised(password)) <= MAX_LENGTH:
        raise Invalid.at(pointer, f"From {MIN_LENGTH} to {MAX_LENGTH} characters.")
    if bits_of(password, own) < _ENOUGH:
        raise Invalid.at(pointer, "This password is too easily guessed.", code="password_weak")


def bits_of(password: str, own: Iterable[str] = ()) -> float:
    """How much there is to guess at the beginning, in bits, at most: of all ways to cut it, the cheapest."""
    text = _folded(password)[:_LOOKED_AT]
    words = {word: _OWN_BITS for each in own for word in _words(_folded(each))}
    least = [0.0] + [math.inf] * len(text)
    for start in range(len(text)):
        for end, bits in _pieces(text, start, words):
            least[end] = min(least[end], least[start] + bits)
    return least[-1]


def _pieces(text: str, start: int, words: dict[str, float]) -> Iterator[tuple[int, float]]:
    """Where the pieces that begin here end, and what each costs."""
    yield start + 1, _single(text[start])
    yield from ((end, _ROW_BITS) for end in _rows(text, start))
    if again := _again(text, start):
        yield again, _AGAIN_BITS
    if _YEAR.match(text, start):
        yield start + 4, _YEAR_BITS
    for end in range(start + _SHORTEST_PIECE - 1, min(len(text), start + _LONGEST_PIECE) + 1):
        if (bits := _word(text[start:end], words)) is not None:
            yield end, bits


def _single(each: str) -> float:
    if each.isdigit():
        return math.log2(10)
    return math.log2(26) if each.isascii() else 7.0


def _word(piece: str, words: dict[str, float]) -> float | None:
    """The bits of a word in one of the ways in which people write it, None where it is none."""
    plain = piece.translate(_LOOKALIKES)
    ways = ((piece, 0.0), (plain, _TRICK_BITS), (piece[::-1], _TRICK_BITS), (plain[::-1], 2 * _TRICK_BITS))
    common = _common()
    known = (
        bits + trick for way, trick in ways for bits in (words.get(way), common.get(way)) if bits is not None
    )
    return min(known, default=None)


def _rows(text: str, start: int) -> Iterator[int]:
    """Where a row of keys or of the alphabet, or one character over and over, ends; at any point from its third on."""
    for row in _all_rows():
        at = row.find(text[start])
        end = start + 1
        while 0 <= at < len(row) - 1 and end < len(text) and text[end] == row[at + 1]:
            at, end = at + 1, end + 1
        yield from range(start + _SHORTEST_PIECE, end + 1)


def _again(text: str, start: int) -> int | None:
    """Where the longest piece ends that was there before, also if it runs into itself."""
    best = None
    for earlier in range(start):
        length = 0
        while start + length < len(text) and text[earlier + length] == text[start + length]:
            length += 1
        if length >= _SHORTEST_PIECE - 1 and start + length > (best or 0):
            best = start + length
    return best


@cache
def _all_rows() -> tuple[str, ...]:
    return tuple(_folded(row) for each in _ROWS for row in (each, each[::-1]))


@cache
def _common() -> dict[str, float]:
    """Common passwords with their bits, read when the first new password is judged."""
    listed = gzip.decompress(_COMMON.read_bytes()).decode("ascii").split()
    return dict.fromkeys(_MORE, 6.0) | {word: math.log2(rank) for rank, word in enumerate(listed, 2)}


def _words(known: str) -> Iterator[str]:
    """A name or an address whole, without what is between its words, and each word of it."""
    parts = re.findall(r"\w+", known)
    yield from (word for word in {known, "".join(parts), *parts} if len(word) > 1)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
