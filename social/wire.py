"""Posts as they go over the wire: the columns that are read, and the form that REST, live and sync share."""

from typing import Any

from sqlalchemy import Select, func, select

from base import clock
from base.database import AnyRow
from journal.order import position_of
from people.models import Person
from social.mentions import MENTIONED
from social.models import Post

COLUMNS = (
    Post.id,
    Post.scope_id,
    Post.author_id,
    position_of(Post.id).label("position"),
    Person.name.label("author_name"),
    Post.parent_id,
    Post.kind,
    Post.text,
    func.ST_X(Post.point).label("lon"),
    func.ST_Y(Post.point).label("lat"),
    MENTIONED,
    Post.asks_acknowledgement,
    Post.valid_until,
    Post.ended_at,
    Post.client_id,
    Post.version,
    Post.written_at,
    Post.created_at,
    Post.edited_at,
    Post.deleted_at,
)


def wire_post(row: AnyRow) -> dict[str, Any]:
    """A post as REST, live and sync carry it. A deleted one is a tombstone: no words, no point."""
    gone = row.deleted_at is not None
    point = None if gone or row.lon is None else {"type": "Point", "coordinates": [row.lon, row.lat]}
    return {
        "id": str(row.id),
        "scope_id": str(row.scope_id),
        "author": {"id": str(row.author_id), "name": row.author_name},
        "parent_id": None if row.parent_id is None else str(row.parent_id),
        "kind": row.kind,
        "text": None if gone else row.text,
        "point": point,
        "mentions": [] if gone else row.mentions or [],
        "asks_acknowledgement": row.asks_acknowledgement,
        "valid_until": clock.wire_or_none(row.valid_until),
        "ended_at": clock.wire_or_none(row.ended_at),
        "client_id": row.client_id,
        "version": row.version,
        "written_at": clock.wire_or_none(row.written_at),
        "created_at": clock.wire(row.created_at),
        "edited_at": clock.wire_or_none(row.edited_at),
        "deleted_at": clock.wire_or_none(row.deleted_at),
    }


def select_posts() -> Select[*tuple[Any, ...]]:
    """Posts with their authors' names, as `wire_post` wants them."""
    return select(*COLUMNS).join(Person, Person.id == Post.author_id)
