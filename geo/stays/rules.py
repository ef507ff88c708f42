"""What may be taken from somebody's phones now: consent, pauses and hours, as the organisation and the person say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, Forbidden
from base.hours import is_open
from geo.models.places import Place
from geo.models.privacy import Consent, Sharing
from people.actor import Actor
from people.models import Organisation, Person

DEFAULTS: dict[str, Any] = {
    "consent_required": True,
    "hours": None,
    "trail_days": 0,
    "visit_days": 365,
    "position_days": 7,
}


class ConsentMissing(Forbidden):
    """The person has not agreed that presence is worked out from where the phone is."""

    code, title = "consent_missing", "Consent to presence has not been given"


class SharingPaused(Conflict):
    """The person has paused sharing."""

    code, title = "sharing_paused", "Sharing is paused"


class OutsideHours(Conflict):
    """The moment lies outside the hours of the organisation, the person or the site."""

    code, title = "outside_working_hours", "Nothing is taken at this hour"


class CoordinatesOff(Conflict):
    """The phone judges by itself; the server takes no coordinates of it."""

    code, title = "coordinates_off", "This account sends no coordinates"


@dataclass(frozen=True)
class Rules:
    """What holds for one person now. Hours are the organisation's and the person's own; both must be open."""

    consented: bool
    trail: bool
    mode: str
    paused_until: datetime | None
    hours: tuple[dict[str, Any] | None, dict[str, Any] | None]
    timezone: str

    def check_sharing(self) -> None:
        """Raise where nothing may be taken from the phones of this person."""
        if not self.consented:
            raise ConsentMissing
        if self.paused_until is not None and self.paused_until > clock.now():
            raise SharingPaused(headers={"Retry-After": str(_seconds_until(self.paused_until))})

    def check_coordinates(self) -> None:
        """As `check_sharing`, and raise where the phone sends no coordinates."""
        self.check_sharing()
        if self.mode == "device":
            raise CoordinatesOff

    def allows(self, at: datetime) -> bool:
        """Whether the moment lies within the working hours."""
        return all(is_open(hours, at, self.timezone) for hours in self.hours)

    def allows_in(self, place: Place, at: datetime) -> bool:
        """As `allows`, and within the hours of the site's charter."""
        return self.allows(at) and is_open(place.hours, at)


def rules_for(session: Session, actor: Actor) -> Rules:
    """The rules of the actor, in one query. Read under `locked_position`, they hold until the transaction ends.

    Where the organisation asks for no consent, one that was taken back still counts.
    """
    agreed = {kind: _agreed(actor, kind).label(kind) for kind in ("presence", "trail")}
    said = exists().where(Consent.person_id == actor.person_id, Consent.kind == "presence")
    row = session.execute(
        select(
            Organisation.settings,
            Person.timezone,
            Sharing.mode,
            Sharing.paused_until,
            Sharing.hours,
            said.label("said"),
            *agreed.values(),
        )
        .select_from(Person)
        .join(Organisation, Organisation.id == Person.organisation_id)
        .outerjoin(Sharing, Sharing.person_id == Person.id)
        .where(Person.id == actor.person_id)
    ).one()
    privacy = DEFAULTS | row.settings.get("privacy", {})
    return Rules(
        consented=row.presence or not (privacy["consent_required"] or row.said),
        trail=row.trail and privacy["trail_days"] > 0,
        mode=row.mode or "server",
        paused_until=row.paused_until,
        hours=(privacy["hours"], row.hours),
        timezone=row.timezone,
    )


def _agreed(actor: Actor, kind: str) -> Any:
    return exists().where(
        Consent.person_id == actor.person_id, Consent.kind == kind, Consent.withdrawn_at.is_(None)
    )


def _seconds_until(moment: datetime) -> int:
    return max(1, int((moment - clock.now()).total_seconds()))
