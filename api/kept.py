"""What the audit log keeps of a route's requests: the rule, and its exceptions by name. `api/auditing.py` writes them.

Unless a route says otherwise, each administrative act is kept, and each session that is opened, with what was refused
of them. Whatever a route is, its log has each 403 that tells of a right which somebody does not have.
"""

from enum import StrEnum

from marshmallow import Schema

from people.permissions import Permission
from schemas.sessions import Tokens


class Keep(StrEnum):
    """Which requests of a route become entries."""

    NOTHING = "nothing"
    EACH = "each"
    LOOK = "look"
    """Each look; the same one by the same person once in a quarter of an hour, for screens ask every few seconds."""
    NOTED = "noted"
    """Those of which the view notes something (`Call.notes`)."""


# What everybody does all day, as far as they may: theirs to do, and nobody's to keep.
_EVERYBODYS = frozenset(
    {Permission.ACCOUNT_USE, Permission.SCOPES_JOIN, Permission.POSTS_READ, Permission.POSTS_WRITE}
)
# The log never says who was in a place: it is kept for longer than that may be known. Of these acts it names the place.
OF_PRESENCE = frozenset({Permission.VISITS_READ, Permission.VISITS_EDIT, Permission.MUSTERS_RUN})


def kept_by_default(method: str, permission: Permission | None, answer: type[Schema] | None) -> Keep:
    """What is kept of a route that does not say."""
    if permission is None:
        return Keep.EACH if answer is not None and issubclass(answer, Tokens) else Keep.NOTHING
    return Keep.NOTHING if method == "GET" or permission in _EVERYBODYS else Keep.EACH
