"""What is unread: counts for a person's scopes, and the number on the app's badge.

Unread is what the journal told of after the position up to which somebody has read, or after they came: a stretch of an
index, counted up to 100 for each followed scope. There is no counter that could go wrong. What the journal has not told
of yet stands in the outbox; for that moment ids say what comes after what. One's own posts and deleted ones do not
count.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, bindparam, text
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from journal.catalogue import POST_CREATED
from journal.order import NOT_YET
from people.actor import Actor
from people.audience import FIRST_ID, Follows, follows_of

COUNTED = 100
_NAMES = (
    "persons",
    "scopes",
    "begun",
    "begun_ids",
    "levels",
    "sinces",
)  # the fields of `Follows`, a list each
_GIVEN = [
    bindparam(name, type_=ARRAY(kind))
    for name, kind in zip(_NAMES, (Uuid, Uuid, BigInteger, Uuid, Text, BigInteger), strict=True)
]
# Of a row of `follows`: `last.position`, and for what has none `last.id`, after which all is unread.
_LAST = f"""
    LEFT JOIN reads r ON r.person_id = follows.person_id AND r.scope_id = follows.scope_id
    CROSS JOIN LATERAL (
        SELECT greatest(follows.begun, r.read_to) AS position, greatest(
            CASE WHEN follows.begun = {NOT_YET} THEN follows.begun_id END,
            CASE WHEN r.read_to = {NOT_YET} THEN r.post_id END, '{FIRST_ID}'::uuid) AS id
    ) AS last
"""
_UNTOLD = f"o.scope_id = follows.scope_id AND o.type = '{POST_CREATED.name}' AND o.subject_id > last.id"
_SAID = f"""
    SELECT s.subject_id FROM subject_positions s WHERE s.scope_id = follows.scope_id AND s.position > last.position
    UNION ALL SELECT o.subject_id FROM outbox o WHERE {_UNTOLD}
"""
# An edit may name somebody in what was said before they came, and is not theirs to read.
_NAMED_AT = """
    SELECT n.subject_id FROM naming_positions n
    JOIN mentions m ON m.post_id = n.subject_id AND m.person_id = n.person_id
    JOIN subject_positions s ON s.subject_id = n.subject_id AND (follows.since = 0 OR s.position > follows.since)
    WHERE n.person_id = follows.person_id AND n.scope_id = follows.scope_id AND n.position > last.position
"""
_NAMED = f"""
    {_NAMED_AT}
    UNION ALL SELECT o.subject_id FROM outbox o
    JOIN mentions m ON m.post_id = o.subject_id AND m.person_id = follows.person_id WHERE {_UNTOLD}
"""
# What is read, but for that it names them by now.
_NAMED_SINCE = f"{_NAMED_AT} AND s.position <= last.position"
# What a scope is not quiet about at a level below "all", whatever else is said there.
_HEARD_OF = f"""
    SELECT subject_id FROM ({_NAMED}) AS named WHERE follows.level = 'mentions'
    UNION SELECT p.id FROM posts p JOIN ({_SAID}) AS said ON said.subject_id = p.id
    WHERE p.replied_to = follows.person_id AND p.scope_id = follows.scope_id AND follows.level = 'mentions'
    UNION SELECT p.id FROM posts p JOIN ({_SAID}) AS said ON said.subject_id = p.id
    WHERE p.scope_id = follows.scope_id AND p.kind <> 'post' AND (p.kind = 'alert' OR follows.level <> 'nothing')
"""
_OF_OTHERS = """
    JOIN posts p ON p.id = counted.subject_id WHERE p.author_id <> follows.person_id AND p.deleted_at IS NULL
"""
_UNREAD = text(
    f"""
    SELECT follows.scope_id, r.post_id, r.read_at, r.read_to, unread.n AS unread, mentions.n AS mentions
    FROM unnest(:persons, :scopes, :begun, :begun_ids, :sinces) AS follows(person_id, scope_id, begun, begun_id, since)
    {_LAST}
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (SELECT FROM ({_SAID}) AS counted {_OF_OTHERS} LIMIT :most) AS few
    ) AS unread
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (SELECT FROM ({_NAMED}) AS counted {_OF_OTHERS} LIMIT :most) AS few
    ) AS mentions
    ORDER BY follows.scope_id
    """
).bindparams(*_GIVEN[:4], _GIVEN[5])
# Scopes are looked at only until a person's badge is full.
_BADGES = text(
    f"""
    SELECT one.person_id, (
        SELECT count(*) FROM (
            SELECT FROM unnest(one.scopes, one.begun, one.begun_ids, one.levels, one.sinces)
                AS of_one(scope_id, begun, begun_id, level, since)
            CROSS JOIN LATERAL (SELECT one.person_id, of_one.*) AS follows
            {_LAST}
            CROSS JOIN LATERAL (
                SELECT FROM (
                    SELECT subject_id FROM ({_SAID}) AS said WHERE follows.level = 'all'
                    UNION ALL SELECT subject_id FROM ({_NAMED_SINCE}) AS named WHERE follows.level = 'all'
                    UNION ALL SELECT subject_id FROM ({_HEARD_OF}) AS heard WHERE follows.level <> 'all'
                ) AS counted {_OF_OTHERS} LIMIT :most
            ) AS unread
            LIMIT :most
        ) AS few
    ) AS unread
    FROM (
        SELECT person_id, array_agg(scope_id) AS scopes, array_agg(begun) AS begun, array_agg(begun_id) AS begun_ids,
            array_agg(level) AS levels, array_agg(since) AS sinces
        FROM unnest(:persons, :scopes, :begun, :begun_ids, :levels, :sinces)
            AS f(person_id, scope_id, begun, begun_id, level, since)
        GROUP BY person_id
    ) AS one
    """
).bindparams(*_GIVEN)


def unread(session: Session, actor: Actor) -> dict[str, Any]:
    """For every followed scope (`items`): the read position, and how many posts and mentions are unread, `COUNTED` at
    most; and the `badge`."""
    follows = follows_of(session, [actor.person_id])
    values = _values(follows)
    del values["levels"]
    return {
        "items": [
            wire_read(row) | {"unread": row.unread, "mentions": row.mentions}
            for row in session.execute(_UNREAD, values)
        ],
        "badge": _badges(session, follows).get(actor.person_id, 0),
    }


def badges(session: Session, persons: Collection[UUID]) -> dict[UUID, int]:
    """What the app's badge shows for each person, `COUNTED` at most: how many unread posts there are of which they want
    to hear, by the level of each scope as it is at present."""
    return _badges(session, follows_of(session, list(persons))) if persons else {}


def wire_read(row: AnyRow) -> dict[str, Any]:
    """A read position as REST and `read.advanced` carry it."""
    return {
        "scope_id": str(row.scope_id),
        "post_id": None if row.post_id is None else str(row.post_id),
        "position": None if row.read_to == NOT_YET else row.read_to,
        "read_at": clock.wire_or_none(row.read_at),
    }


def _badges(session: Session, follows: Sequence[Follows]) -> dict[UUID, int]:
    return {person_id: int(count) for person_id, count in session.execute(_BADGES, _values(follows))}


def _values(follows: Sequence[Follows]) -> dict[str, Any]:
    columns = zip(*follows, strict=True) if follows else ([] for _ in _GIVEN)
    return dict(zip(_NAMES, map(list, columns), strict=True)) | {"most": COUNTED}
