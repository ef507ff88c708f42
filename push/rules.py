"""Who is told of what: the rules themselves, without database and clock.

The planner makes its statements of them, and what is checked again at the moment of sending asks them, too. `why` is
what somebody is told a thing for: message, mention, reply, direct, announcement, alert; and muster, digest, test, sync,
sign_in, which no level holds back.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

MESSAGES = frozenset({"message", "mention", "reply", "direct"})
# What passes mutes of time and place: quiet hours, do-not-disturb, working hours, being off site.
URGENT = frozenset({"alert", "muster"})

# Smaller goes first.
PRIORITIES: Mapping[str, int] = {
    "alert": 0,
    "muster": 0,
    "direct": 1,
    "mention": 1,
    "reply": 1,
    "test": 1,
    "sign_in": 1,
    "announcement": 2,
    "message": 3,
    "digest": 4,
    "sync": 4,
}
SILENT_PRIORITY = 4  # withdrawals and silent wakes

# What each level of a membership lets through.
LEVELS: Mapping[str, frozenset[str]] = {
    "all": MESSAGES | {"announcement", "alert"},
    "mentions": frozenset({"mention", "reply", "direct", "announcement", "alert"}),
    "announcements": frozenset({"announcement", "alert"}),
    "nothing": frozenset({"alert"}),
}
MUTED = "nothing"  # the level of a membership that is muted for a time
_LEVELLED = LEVELS["all"]

# A device that was silent for longer is not woken any more.
SILENT_DEVICE = timedelta(days=60)
# Who was connected so recently may see a thing live, and has a moment to say so before a phone is woken.
CONNECTED = timedelta(seconds=90)
HEAD_START = timedelta(seconds=2)

# A phone that is off takes a withdrawal when it is on again.
WITHDRAWAL_LASTS = timedelta(days=1)
_LASTS: Mapping[str, timedelta] = {
    "muster": timedelta(hours=1),
    "announcement": timedelta(days=7),
    "sync": timedelta(days=7),
}
_LASTS_ELSE = timedelta(hours=24)


def is_told(level: str, muted_until: datetime | None, why: str, at: datetime) -> bool:
    """Whether a membership of this level lets a thing through at a moment."""
    present = MUTED if muted_until is not None and muted_until > at else level
    return why not in _LEVELLED or why in LEVELS[present]


def reading_is_enough(why: str, *, asks_acknowledgement: bool) -> bool:
    """Whether somebody who has read or seen a post needs no push of it: all but an alert that asks for an answer."""
    return not (why == "alert" and asks_acknowledgement)


def expires_at(why: str, occurred_at: datetime, valid_until: datetime | None = None) -> datetime:
    """Until when it makes sense to tell it: while it is valid, where it says so itself."""
    return valid_until or occurred_at + _LASTS.get(why, _LASTS_ELSE)
