"""Trails: fixes that are kept, only where the organisation says so and the person agreed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from geoalchemy2 import WKTElement
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from geo.models.places import SRID
from geo.models.privacy import TrailPoint
from people.actor import Actor


def keep_trail(session: Session, actor: Actor, taken: Sequence[tuple[datetime, dict[str, Any]]]) -> None:
    """Keep the fixes of a batch; a repeated one is kept once."""
    rows = [
        {
            "device_id": actor.device_id,
            "at": at,
            "organisation_id": actor.organisation_id,
            "person_id": actor.person_id,
            "point": WKTElement(f"POINT({wire['lon']} {wire['lat']})", srid=SRID),
            "accuracy": wire["accuracy"],
        }
        for at, wire in taken
    ]
    session.execute(insert(TrailPoint).values(rows).on_conflict_do_nothing())


def my_trail(session: Session, actor: Actor, after: datetime | None, limit: int) -> list[dict[str, Any]]:
    """What is kept of the actor's own trail, oldest first."""
    query = select(
        TrailPoint.at,
        func.ST_X(TrailPoint.point).label("lon"),
        func.ST_Y(TrailPoint.point).label("lat"),
        TrailPoint.accuracy,
    ).where(TrailPoint.person_id == actor.person_id)
    if after is not None:
        query = query.where(TrailPoint.at > after)
    rows = session.execute(query.order_by(TrailPoint.at).limit(limit))
    return [
        {"at": clock.wire(row.at), "lon": row.lon, "lat": row.lat, "accuracy": row.accuracy} for row in rows
    ]
