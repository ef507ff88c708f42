"""The decision at the moment of sending, as a pure function: send, drop with a reason, or wait until later.

Between the planning of a delivery and its sending, which may be hours when FCM or a phone's quiet night stands between
them, everything may have changed: who has the device, who reads the scope, what was read, deleted or acknowledged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from base.hours import edges, is_open, sound_hours
from journal.catalogue import ALERT_UNANSWERED
from journal.order import comes_after
from push.rules import LEVELS, SILENT_DEVICE, is_told, reading_is_enough

TOO_LATE = "ttl"
# What is said in a scope; the rest is told to a person for its own reasons.
IN_A_SCOPE = LEVELS["all"]
# What passes quiet hours and being elsewhere: emergencies, what the person asked for or does not see, and that somebody
# signed in as them.
_PASS = frozenset(("alert", "muster", "test", "sync", "digest", "sign_in"))
# A manager is told that others are silent, whatever they know of the alert themselves.
_OF_OTHERS = ALERT_UNANSWERED.name
_AHEAD_DAYS = 8


@dataclass(slots=True)
class Phone:
    """The device as it is now, and whether it is still the person's and signed in."""

    is_theirs: bool
    signed_in: bool
    address: str | None
    last_seen_at: datetime


@dataclass(slots=True)
class Wishes:
    """What the person wants of push; hours are as `base/hours.py` reads them."""

    timezone: str
    quiet_hours: Mapping[str, Any] | None = None
    working_hours: Mapping[str, Any] | None = None
    do_not_disturb_until: datetime | None = None
    on_call_until: datetime | None = None


@dataclass(slots=True)
class Reads:
    """How the person reads the scope: the level of its pushes, after which position, muted until when."""

    level: str
    since: int
    muted_until: datetime | None = None


@dataclass(slots=True)
class Subject:
    """The post or roll call that is told of. `over`: deleted or ended, and how it is called; None where it goes on."""

    id: UUID
    scope_id: UUID | None
    event: str
    position: int = 0  # where it was told of first
    actor_id: UUID | None = None
    asks_acknowledgement: bool = False
    over: str | None = None
    valid_until: datetime | None = None


@dataclass(slots=True)
class Known:
    """All that is known of a delivery when it is about to be sent.

    `reads` is None for one who may not read the scope; `met` says how the person knows of it already (read, seen,
    acknowledged, answered); `off_site`: their phone tells where it is, and it is not in the place; `manages`: they run
    the scope, asked where it matters.
    """

    action: str
    why: str
    person_id: UUID
    expires_at: datetime
    phone: Phone
    wishes: Wishes
    subject: Subject
    reads: Reads | None = None
    met: frozenset[str] = frozenset()
    off_site: bool = False
    manages: bool = True


@dataclass(frozen=True)
class Send:
    """It goes out now."""


@dataclass(frozen=True)
class Drop:
    """It does not go out."""

    reason: str


@dataclass(frozen=True)
class Defer:
    """Not before this moment."""

    until: datetime


Verdict = Send | Drop | Defer
_SEND = Send()


def verdict(known: Known, now: datetime) -> Verdict:
    """What becomes of a delivery. A withdrawal and a wake carry no words: only the phone itself counts for them."""
    if known.expires_at <= now:
        return Drop(TOO_LATE)
    reason = _unreachable(known.phone, now)
    if reason is None and known.action == "show":
        reason = _pointless(known, now) or _not_theirs(known) or _unwanted(known, now)
    if reason is not None:
        return Drop(reason)
    return _in_quiet(known, now) if known.action == "show" else _SEND


def may_fetch(known: Known, now: datetime) -> bool:
    """Whether a phone may still have the words of what was sent to it, whatever its person knows by now."""
    holds = known.phone.is_theirs and known.phone.signed_in
    return holds and _over(known.subject, now) is None and _not_theirs(known) is None


def _unreachable(phone: Phone, now: datetime) -> str | None:
    if not phone.is_theirs:
        return "device_changed_hands"
    if not phone.signed_in:
        return "signed_out"
    if phone.address is None:
        return "no_address"
    return "device_silent" if phone.last_seen_at < now - SILENT_DEVICE else None


def _pointless(known: Known, now: datetime) -> str | None:
    """There is nothing to tell any more, or the person knows."""
    subject = known.subject
    over = _over(subject, now)
    if over is not None or subject.event == _OF_OTHERS:
        return over
    enough = reading_is_enough(known.why, asks_acknowledgement=subject.asks_acknowledgement)
    counts = ("acknowledged", "answered", "read", "seen") if enough else ("acknowledged",)
    return next((way for way in counts if way in known.met), None)


def _over(subject: Subject, now: datetime) -> str | None:
    if subject.event == _OF_OTHERS:  # told also where the alert was over before they had answered
        return "deleted" if subject.over == "deleted" else None
    if subject.over is not None:
        return subject.over
    return "ended" if subject.valid_until is not None and subject.valid_until <= now else None


def _not_theirs(known: Known) -> str | None:
    """It was never, or is no longer, theirs to read."""
    subject = known.subject
    if known.why in IN_A_SCOPE and subject.actor_id == known.person_id:
        return "author"
    if subject.event == _OF_OTHERS and not known.manages:
        return "no_longer_a_manager"
    if subject.scope_id is None:
        return None
    if known.reads is None:
        return "no_longer_a_member"
    holds = subject.valid_until is not None  # and is not over, or there were nothing to tell
    return (
        "before_entry"
        if known.why in IN_A_SCOPE and not comes_after(subject.position, known.reads.since) and not holds
        else None
    )


def _unwanted(known: Known, now: datetime) -> str | None:
    """They want no push of it: by the level, while muted, while elsewhere."""
    reads = known.reads
    if reads is not None and not is_told(reads.level, None, known.why, now):
        return "level"
    if reads is not None and not is_told(reads.level, reads.muted_until, known.why, now):
        return "muted"
    return "off_site" if known.off_site and not _passes(known, now) else None


def _in_quiet(known: Known, now: datetime) -> Verdict:
    """In quiet time a notice waits for its end, while it holds; the rest is in the app's list and that is enough."""
    if _passes(known, now) or not is_quiet(known.wishes, now):
        return _SEND
    until = quiet_ends(known.wishes, now) if known.why == "announcement" else None
    holds = min(known.expires_at, known.subject.valid_until or known.expires_at)
    return Drop("quiet") if until is None or until >= holds else Defer(until)


def _passes(known: Known, now: datetime) -> bool:
    on_call_until = known.wishes.on_call_until
    return known.why in _PASS or (on_call_until is not None and on_call_until > now)


def is_quiet(wishes: Wishes, moment: datetime) -> bool:
    """Whether the person is not to be disturbed at that moment. Hours that nobody can read are none."""
    if wishes.do_not_disturb_until is not None and wishes.do_not_disturb_until > moment:
        return True
    quiet, working = (
        sound_hours(hours, wishes.timezone) for hours in (wishes.quiet_hours, wishes.working_hours)
    )
    if quiet is not None and is_open(quiet, moment, wishes.timezone):
        return True
    return not is_open(working, moment, wishes.timezone)


def quiet_ends(wishes: Wishes, now: datetime) -> datetime | None:
    """When the quiet time that holds now is over; None where that is not within eight days."""
    moments = [wishes.do_not_disturb_until] if wishes.do_not_disturb_until is not None else []
    for hours in (wishes.quiet_hours, wishes.working_hours):
        moments += edges(hours, wishes.timezone, now, _AHEAD_DAYS)
    return next((at for at in sorted(moments) if at > now and not is_quiet(wishes, at)), None)
