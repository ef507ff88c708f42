"""In which encoding a Shapefile's table is, where nothing says so.

A `.dbf` has no encoding of its own: a `.cpg` beside it names one, or a byte in its head does, or nobody. Read as the
wrong one, every name is another name, and nothing tells. So what is no ASCII has to be UTF-8, or somebody has to say.

    head     32 bytes: records (4-7), length of the head (8-9), of a record (10-11), code page (29)
    fields   32 bytes each, until 0x0D: name (0-10), type (11), length (16)
    records  a mark of one byte, and the fields, padded with blanks
"""

import struct
from collections.abc import Iterator

# In the order in which they are tried: what is no text in one may be in the next.
_GUESSES = ("cp949", "cp932", "cp1252", "latin-1")
_PADDING = b" \0"


def names_encoding(table: bytes) -> bool:
    """Whether the table's head says of its own what it is in."""
    return len(table) > 29 and table[29] != 0


def is_utf8(table: bytes) -> bool:
    """Whether every text of the table is UTF-8; a character that its field's end cuts off does not count."""
    return all(_decodes(text, "utf-8") or _is_cut(text) for text in _texts(table))


def guess(table: bytes) -> str:
    """What it may be in; never certain."""
    texts = [text for text in _texts(table) if not text.isascii()]
    return next(name for name in _GUESSES if all(_decodes(text, name) for text in texts))


def _texts(table: bytes) -> Iterator[bytes]:
    """The names of fields, and what stands in their text fields."""
    if len(table) < 32:
        return
    count, head, length = struct.unpack_from("<IHH", table, 4)
    fields: list[tuple[int, int]] = []
    at = 1
    for start in range(32, min(head, len(table)) - 31, 32):
        if table[start] == 0x0D:
            break
        yield table[start : start + 11].split(b"\0")[0]
        size = table[start + 16]
        if table[start + 11 : start + 12] == b"C":
            fields.append((at, size))
        at += size
    for number in range(count):
        begin = head + number * length
        record = table[begin : begin + length]
        if len(record) < length or not length:
            return
        yield from (record[at : at + size].rstrip(_PADDING) for at, size in fields)


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_cut(text: bytes) -> bool:
    return any(_decodes(text[:-cut], "utf-8") and text[-cut] >= 0xC0 for cut in (1, 2, 3) if len(text) > cut)
