"""Announcements, alerts and acknowledgements on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, Cursor, Moment, Point, Some, Text, Wire, page_of
from schemas.people import Person
from schemas.posts import MAX_TEXT, MOST_MENTIONS, Post


class NewAnnouncement(Wire):
    """An announcement; without `valid_until` it stays until somebody ends it."""

    example: ClassVar = {"text": "The water is off until noon.", "client_id": "desk-1-notice-07"}
    text = Text(1, MAX_TEXT, required=True)
    point = fields.Nested(Point, load_default=None, allow_none=True)
    mentions = Some(ID(), most=MOST_MENTIONS, load_default=list)
    valid_until = Moment(
        load_default=None, allow_none=True, metadata={"description": "In the future, a year ahead at most"}
    )
    asks_acknowledgement = fields.Boolean(load_default=False)
    client_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(8, 64))


class NewAlert(NewAnnouncement):
    """An alert; without `valid_until` it lasts 24 hours."""

    example: ClassVar = {
        "text": "Gas leak in hall 2. Leave by the north gate.",
        "client_id": "desk-1-notice-08",
    }
    asks_acknowledgement = fields.Boolean(load_default=True)


class Notice(Wire):
    """An open announcement or alert, and when you acknowledged it."""

    post = fields.Nested(Post, required=True)
    acknowledged_at = Moment(required=True, allow_none=True)


class Acknowledgement(Wire):
    """Your word that you know of a notice."""

    post_id = ID(required=True)
    scope_id = ID(required=True)
    acknowledged_at = Moment(required=True)


class AccountQuery(Cursor):
    """Who of those whom a notice asks."""

    status = fields.String(load_default="silent", validate=validate.OneOf(("acknowledged", "silent")))


class AccountEntry(Wire):
    """Somebody whom a notice asks; without a time: silent."""

    person = fields.Nested(Person, required=True)
    acknowledged_at = Moment(required=True, allow_none=True)


class AccountSummary(Wire):
    """How many follow the scope now (the author apart), and how many of them have acknowledged.

    Where being there makes one follow: null for a number that would tell of a group that is too small.
    """

    audience = fields.Integer(required=True, allow_none=True)
    acknowledged = fields.Integer(required=True, allow_none=True)
    silent = fields.Integer(required=True, allow_none=True)


class Reminder(Wire):
    """An alert that somebody has not acknowledged yet, told again: which time, and of how many."""

    post_id = ID(required=True)
    scope_id = ID(required=True)
    round = fields.Integer(required=True)
    of = fields.Integer(required=True)
    post = fields.Nested(Post, required=True)


class Unanswered(Wire):
    """An alert was left unanswered, after all reminders or at its end; null: so few that the number is not told."""

    post_id = ID(required=True)
    scope_id = ID(required=True)
    silent_count = fields.Integer(required=True, allow_none=True)


NoticePage = page_of(Notice, "NoticePage")
AcknowledgementAccountPage = page_of(AccountEntry, "AcknowledgementAccountPage")
