"""One rule for text that comes from outside, whoever typed it on whatever.

The same word may come in several forms. A Mac writes Hangul and accents in parts (NFD), others whole (NFC); somebody
types a space before the address, or it in capitals. Stored and compared is one form:

    what people say     NFC, as it is otherwise; there has to be something to see in it
    names               also trimmed, one space between words, one line, no characters that steer or hide others
    addresses           also in small letters
    secrets             NFC alone (RFC 8265), and never anything else of them is touched

Whether there is something to see is not whether there are letters: some letters and symbols are blank.
"""

import unicodedata

_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_JOINERS = frozenset("\u200c\u200d")
# Code points that are kept free for characters without an outline, and may be assigned some day.
_IGNORED = ((0x2065, 0x2065), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF))


def normalised(text: str) -> str:
    """The composed form (NFC), in which the same text has the same characters."""
    return unicodedata.normalize("NFC", text)


def shows_something(text: str) -> bool:
    """Whether there is anything to see: not only spaces, and not only characters without an outline."""
    return any(map(_is_seen, text))


def one_line(text: str) -> str:
    """A name as it is kept: composed, trimmed, with one space between words."""
    return " ".join(normalised(text).split())


def steering(text: str) -> str | None:
    """The first character that has no business in a name (a control, a direction, an invisible one), or None.

    The joiners that some scripts and emoji are written with may stand between others.
    """
    return next((each for each in text if each not in _JOINERS and _steers(each)), None)


def without_steering(text: str) -> str:
    """A name out of a file, where nobody can be asked: what has no business in it is left out."""
    return one_line("".join(" " if each.isspace() else "" if _steers(each) else each for each in text))


def address(text: str) -> str:
    """An e-mail address, or the short name of an organisation, as it is kept and looked up.

    Each letter becomes one small letter, as in PostgreSQL's `lower`: `İ` is `i` to both, or one account had two names.
    """
    small = (each.lower()[0] for each in normalised(text).strip())
    return normalised("".join(small))


def alike(text: str) -> str:
    """The form in which two names that read alike are equal."""
    return unicodedata.normalize("NFKC", one_line(text)).casefold()


def _steers(each: str) -> bool:
    return unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _is_seen(each: str) -> bool:
    category = unicodedata.category(each)
    if category == "Cn":
        return not any(low <= ord(each) <= high for low, high in _IGNORED)
    return (category[0] in "LNPS" or category == "Co") and each not in _BLANK
