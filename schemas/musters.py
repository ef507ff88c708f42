"""Musters on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, Moment, Point, Some, Text, Whole, Wire, page_of
from schemas.people import Person
from schemas.visits import MOST_DOUBTS, SOURCES

STATUSES = ("unaccounted", "safe", "need_help")
MOST_WARDENS = 50


class NewMuster(Wire):
    """A roll call to begin."""

    example: ClassVar = {"message": "Fire alarm in hall 2"}
    message = Text(1, 300, required=True)
    warden_ids = Some(ID(), most=MOST_WARDENS, load_default=list)
    left_within_minutes = fields.Integer(load_default=15, strict=True, validate=validate.Range(0, 60))
    repeat_seconds = fields.Integer(load_default=120, strict=True, validate=validate.Range(30, 3_600))


class Counts(Wire):
    """How many are expected, and in which state. `uncertain` of the unaccounted: perhaps not there at all.

    `unaccounted_in_burst` of the unaccounted: visitors' accounts that a gate opened in a burst, perhaps nobody. Who was
    set aside is in none of the numbers but `set_aside`.
    """

    expected = fields.Integer(required=True)
    unaccounted = fields.Integer(required=True)
    safe = fields.Integer(required=True)
    need_help = fields.Integer(required=True)
    uncertain = fields.Integer(required=True)
    left = fields.Integer(required=True)
    opened_in_burst = fields.Integer(required=True)
    unaccounted_in_burst = fields.Integer(required=True)
    set_aside = fields.Integer(required=True)


class Muster(Wire):
    """A roll call as everyone on it sees it."""

    id = ID(required=True)
    place_id = ID(required=True)
    place_kind = fields.String(required=True)
    place_name = fields.String(required=True)
    message = fields.String(required=True)
    started_at = Moment(required=True)
    started_by = ID(required=True)
    ended_at = Moment(required=True, allow_none=True)


class MusterCard(Muster):
    """A roll call with my own answer."""

    your_status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    your_answer_at = Moment(required=True, allow_none=True)


class MusterCards(Wire):
    """The running roll calls that expect me."""

    items = Whole(fields.Nested(MusterCard), of="roll calls that run at once", required=True)


class MusterBoard(Muster):
    """A roll call as those who oversee it see it."""

    counts = fields.Nested(Counts, required=True)
    warden_ids = Some(ID(), most=MOST_WARDENS, required=True)
    left_within_minutes = fields.Integer(required=True)
    repeat_seconds = fields.Integer(required=True)
    repeat_at = Moment(required=True, allow_none=True)
    ended_by = ID(required=True, allow_none=True)


MusterPage = page_of(MusterBoard, "MusterPage")


class SetAside(Wire):
    """That a person is not expected any more: since when, and by which warden, why. Without these it is since the same
    phone goes on with another account."""

    at = Moment(required=True)
    by = ID(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class MusterLine(Wire):
    """One person's line: why expected, what is known, what was answered."""

    person = fields.Nested(Person, required=True)
    expected = fields.String(
        required=True, validate=validate.OneOf(("present", "left_recently", "arrived_late", "added"))
    )
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    certain = fields.Boolean(required=True)
    doubts = Some(fields.String(), most=MOST_DOUBTS, required=True)
    sources = Some(fields.String(), most=len(SOURCES), required=True)
    confidence = fields.Integer(required=True)
    last_seen_at = Moment(required=True, allow_none=True)
    left_at = Moment(required=True, allow_none=True)
    text = fields.String(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)
    answered_by = ID(required=True, allow_none=True)
    alerts = fields.Integer(required=True)
    opened_in_burst = fields.Boolean(
        required=True,
        metadata={"description": "A visitor's account, of many that a gate opened in short time"},
    )
    replaced_by = ID(
        required=True,
        allow_none=True,
        metadata={"description": "As whom the person goes on, on the same phone"},
    )
    set_aside = fields.Nested(SetAside, required=True, allow_none=True)


class MusterEntry(MusterLine):
    """One person's line, with the point that they named."""

    point = fields.Nested(Point, required=True, allow_none=True)


MusterEntryPage = page_of(MusterEntry, "MusterEntryPage")


class MusterAnswer(Wire):
    """How I am."""

    example: ClassVar = {"status": "safe"}
    status = fields.String(required=True, validate=validate.OneOf(("safe", "need_help")))
    text = Text(1, 500, load_default=None, allow_none=True)
    point = fields.Nested(Point, load_default=None, allow_none=True)


class MusterMark(MusterAnswer):
    """How somebody is, by a warden; `unaccounted` takes a mark back."""

    status = fields.String(required=True, validate=validate.OneOf(STATUSES))


class MusterSetAside(Wire):
    """Why those are not expected any more whose accounts were opened in a burst and who have not answered; of them all,
    or of those who are named."""

    example: ClassVar = {"reason": "A flood at the gate: nobody came in since 14:00"}
    reason = Text(1, 300, required=True)
    person_ids = Some(ID(), least=1, most=500, load_default=None, allow_none=True)


class MusterUpdate(Wire):
    """A change of the board; for the point that somebody named, read the board. Without an entry several changed: read
    them anew."""

    muster_id = ID(required=True)
    place_id = ID(required=True)
    counts = fields.Nested(Counts, required=True)
    entry = fields.Nested(MusterLine, required=True, allow_none=True)


class MusterReport(Wire):
    """What stays of a roll call."""

    muster = fields.Nested(MusterBoard, required=True)
    entries = Whole(fields.Nested(MusterEntry), of="persons on the roll", required=True)
