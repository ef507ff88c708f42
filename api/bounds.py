"""How large bodies may be, in bytes. A route that names none takes the usual size, and a public one less.

How long their lists are stands in their schemas (`schemas/lists.py`).
"""

_KIB, _MIB = 1024, 1024 * 1024

PUBLIC = 64 * _KIB
USUAL = 256 * _KIB  # ten thousand characters are 120 KiB where a client escapes all of them
BOUNDARY = 4 * _MIB  # 30,000 corners take 1.4 MiB, and twice that where they are indented
INVITATIONS = _MIB
QUEUE = 5 * _MIB  # a hundred posts of ten thousand characters
IMPORT = 16 * _MIB

DEPTH = 32
"""So many lists and objects may lie in each other; a feature of a file has ten."""

POINTER, MESSAGE, DETAIL = 200, 500, 1_000
"""Characters of a refusal: what was sent is not sent back at length."""

# From here on a body that has work to it is read in another process.
APART = 16 * _KIB
