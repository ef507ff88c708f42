"""What a person shares of where they are, and what nobody may know: consent, pauses, hours, and forgetting.

The organisation sets rules (`settings["privacy"]`); a person agrees, pauses, or lets the phone judge by itself. What
is withdrawn is forgotten at once, not at the next night's job.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import NotFound
from geo.models.privacy import Consent, Sharing, TrailPoint
from geo.stays.departures import forget_departures
from geo.stays.evidence import PASSIVE_SOURCES, of_sources
from geo.stays.open_visits import open_visits_of
from geo.stays.positions import forget_person, lock_sharing
from geo.stays.rules import DEFAULTS
from geo.stays.visits import Leaving, withdraw
from people.actor import Actor
from people.models import Organisation

MOST_CONSENTS = 100


def read_sharing(session: Session, actor: Actor) -> dict[str, Any]:
    """How the actor shares, and what the organisation asks for."""
    sharing = session.get(Sharing, actor.person_id)
    organisation = session.get_one(Organisation, actor.organisation_id)
    return {
        "mode": "server" if sharing is None else sharing.mode,
        "paused_until": None if sharing is None else clock.wire_or_none(sharing.paused_until),
        "hours": None if sharing is None else sharing.hours,
        "consents": [wire_consent(consent) for consent in _consents(session, actor)],
        "organisation": DEFAULTS | organisation.settings.get("privacy", {}),
    }


def set_sharing(session: Session, actor: Actor, changes: dict[str, Any]) -> None:
    """Change how one shares; what may not be known any more is forgotten at once."""
    lock_sharing(session, actor.person_id)
    sharing = session.get(Sharing, actor.person_id)
    if sharing is None:
        sharing = Sharing(person_id=actor.person_id, organisation_id=actor.organisation_id, mode="server")
        session.add(sharing)
    for field, value in changes.items():
        setattr(sharing, field, value)
    sharing.updated_at = clock.now()
    session.flush()
    paused = sharing.paused_until is not None and sharing.paused_until > clock.now()
    if paused:
        _forget_all(session, actor)
    elif sharing.mode == "device":
        _forget(session, actor, ("gps",))


def give_consent(session: Session, actor: Actor, kind: str, text_version: str) -> Consent:
    """Write down that the actor agreed; agreeing again to the same text changes nothing."""
    lock_sharing(session, actor.person_id)
    live = _live_consent(session, actor, kind)
    if live is not None and live.text_version == text_version:
        return live
    if live is not None:
        live.withdrawn_at = clock.now()
        session.flush()
    consent = Consent(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        kind=kind,
        text_version=text_version,
        given_at=clock.now(),
    )
    session.add(consent)
    session.flush()
    return consent


def withdraw_consent(session: Session, actor: Actor, kind: str) -> None:
    """Take a consent back: the trail is deleted, and with presence the position and all that stood on it."""
    lock_sharing(session, actor.person_id)
    consent = _live_consent(session, actor, kind)
    if consent is None:
        raise NotFound
    session.execute(update(Consent).where(Consent.id == consent.id).values(withdrawn_at=clock.now()))
    session.execute(delete(TrailPoint).where(TrailPoint.person_id == actor.person_id))
    if kind == "presence":
        _forget_all(session, actor)


def wire_consent(consent: Consent) -> dict[str, Any]:
    """A consent as its giver sees it."""
    return {
        "id": str(consent.id),
        "kind": consent.kind,
        "text_version": consent.text_version,
        "given_at": clock.wire(consent.given_at),
        "withdrawn_at": clock.wire_or_none(consent.withdrawn_at),
    }


def privacy_of(session: Session, organisation_id: UUID) -> dict[str, Any]:
    """The organisation's rules as they hold, and how much pushes let out."""
    settings = session.get_one(Organisation, organisation_id).settings
    return DEFAULTS | settings.get("privacy", {}) | {"push_content": settings.get("push_content", "sender")}


def set_organisation_privacy(session: Session, actor: Actor, rules: dict[str, Any]) -> dict[str, Any]:
    """The organisation's rules; how much pushes let out is kept where it is not given."""
    organisation = session.get_one(Organisation, actor.organisation_id, with_for_update=True)
    kept = organisation.settings.get("push_content", "sender")
    content, rules = rules.get("push_content", kept), {k: v for k, v in rules.items() if k != "push_content"}
    session.execute(
        update(Organisation)
        .where(Organisation.id == actor.organisation_id)
        .values(settings=organisation.settings | {"push_content": content, "privacy": rules})
    )
    return rules | {"push_content": content}


def _forget_all(session: Session, actor: Actor) -> None:
    """End all that the person's phones said by themselves, and keep none of it."""
    _forget(session, actor, PASSIVE_SOURCES)
    forget_departures(session, actor.person_id)


def _forget(session: Session, actor: Actor, sources: tuple[str, ...]) -> None:
    """End what the person's phones said of these sources, and keep no position."""
    forget_person(session, actor.person_id)
    for visit in open_visits_of(session, actor.person_id):
        withdraw(session, visit, of_sources(sources), Leaving("sharing_ended", clock.now()))


def _live_consent(session: Session, actor: Actor, kind: str) -> Consent | None:
    return session.scalars(
        select(Consent).where(
            Consent.person_id == actor.person_id, Consent.kind == kind, Consent.withdrawn_at.is_(None)
        )
    ).one_or_none()


def _consents(session: Session, actor: Actor) -> list[Consent]:
    """Those that hold, and the latest of the others, oldest first."""
    mine = select(Consent).where(Consent.person_id == actor.person_id)
    hold_first = (Consent.withdrawn_at.is_(None).desc(), Consent.given_at.desc(), Consent.id.desc())
    found = session.scalars(mine.order_by(*hold_first).limit(MOST_CONSENTS))
    return sorted(found, key=lambda consent: (consent.given_at, consent.id))
