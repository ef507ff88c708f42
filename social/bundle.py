"""All that an app needs of a site where there is no network: fetched on the way there, kept until the way back."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from base.errors import NotFound
from geo.lookup.outlines import MOST_SIMPLE, Form, Outline, present_outlines
from geo.models.places import Place
from geo.musters import musters
from geo.places.places import wire_place
from geo.privacy.charters import charter_of
from people.actor import Actor
from people.audience import Window, known_of, live_membership, manages, window_of
from people.models import Membership, Person, Scope
from social.feed import feed
from social.notices import open_notices

NEWEST = 50
NOTICES = 100
_PIECE = 100


def bundle(session: Session, actor: Actor, site_id: UUID) -> dict[str, Any]:
    """A site as one person may know it: places with boundaries, charter, managers, newest posts, open notices,
    running roll calls.

    Nothing in it changes by the time alone, so that it can be asked for with the ETag of before. Raises `NotFound`
    for a site out of sight.
    """
    known = _places_in_sight(session, actor, site_id)
    if site_id not in known:
        raise NotFound
    place_ids = list(known)
    read = [window for window in known.values() if window is not None]
    cards = musters.my_cards(session, actor)
    return {
        "site_id": str(site_id),
        "places": list(_wire_places(session, place_ids)),
        "readable_ids": [str(window.scope_id) for window in read],
        "charter": charter_of(session, site_id),
        "contacts": _managers(session, place_ids),
        "posts": feed(session, read, None, NEWEST),
        "notices": open_notices(session, actor, read, None, NOTICES),
        "musters": [card for card in cards if UUID(card["place_id"]) in place_ids],
    }


def _wire_places(session: Session, place_ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    """The places with simple outlines, as far as an answer has room for their corners.

    In pieces, since there may be ten thousand: others are served while the database looks for the next.
    """
    left = MOST_SIMPLE
    for first in range(0, len(place_ids), _PIECE):
        piece = place_ids[first : first + _PIECE]
        both = select(Place, Scope).join(Scope, Scope.id == Place.id).where(Place.id.in_(piece))
        found = {place.id: (place, scope) for place, scope in session.execute(both)}
        outlines = present_outlines(session, piece, Form.SIMPLE) if left > 0 else {}
        for place_id in piece:
            outline = outlines.get(place_id)
            left -= 0 if outline is None else outline.few_corners
            yield _wire_place(*found[place_id], outline if left >= 0 else None)


def _wire_place(place: Place, scope: Scope, outline: Outline | None) -> dict[str, Any]:
    if outline is None:
        return wire_place(place, scope) | {"simplified_m": None}
    return wire_place(place, scope, outline.wire) | {"simplified_m": outline.simplified_m}


def _places_in_sight(session: Session, actor: Actor, site_id: UUID) -> dict[UUID, Window | None]:
    """The site, then its zones by age, as far as the actor may know of them; with what they read of each."""
    known = known_of(actor).subquery("known")
    of_site = or_(known.c.scope_id == site_id, known.c.parent_id == site_id)
    rows = session.execute(
        select(Place.id, known.c.reads, known.c.since, known.c.started_at)
        .join(known, known.c.scope_id == Place.id)
        .where(Place.site_id == site_id, Place.archived_at.is_(None), of_site)
        .order_by(Place.kind, Place.id)
    )
    return {
        place_id: window_of(place_id, since, started_at) if reads else None
        for place_id, reads, since, started_at in rows
    }


def _managers(session: Session, place_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Membership.scope_id, Person.id, Person.name)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.scope_id.in_(place_ids), manages(), *live_membership())
        .order_by(Person.name, Person.id, Membership.scope_id)
    )
    return [
        {"place_id": str(place_id), "person": {"id": str(person_id), "name": name}}
        for place_id, person_id, name in rows
    ]
