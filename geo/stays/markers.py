"""Markers: what at a place proves being there, and the codes that some of them show.

A code is `HB1.<marker>.<turn>.<mac>` in capitals, which a QR code holds most densely. The mac is HMAC-SHA256 over
marker and turn under a secret that never leaves the server. A rotating marker's turn is the half minute it is shown
in, so a photo of the screen is worth nothing a minute later; a printed one's turn is a number that a manager raises
when the poster should count no longer.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, Invalid, NotFound
from geo.models.places import Marker, Place
from people.actor import Actor
from people.permissions import Permission
from people.scopes.scopes import refuse_absent, scope_for

PERIOD, ON_ITS_WAY = timedelta(seconds=30), timedelta(seconds=5)
GRADE = {"printed": 2, "nfc": 2, "beacon": 2, "wifi": 2, "rotating": 3}
SOURCE = {"printed": "qr", "rotating": "qr", "nfc": "nfc", "beacon": "beacon", "wifi": "wifi"}
CODED = ("printed", "rotating", "nfc")
_PREFIX, _MAC_BYTES = "HB1", 16


class CodeRefused(Invalid):
    """A code that is not ours, was withdrawn, or is made up; which of them is not told."""

    code, title = "code_refused", "This code is not, or no longer, good"


class CodeTurned(Invalid):
    """A code that was good once: it has turned since."""

    code, title = "code_turned", "This code has turned; scan the present one"


def wire_marker(marker: Marker) -> dict[str, Any]:
    """A marker as managers see it; never its secret."""
    return {
        "id": str(marker.id),
        "place_id": str(marker.place_id),
        "kind": marker.kind,
        "name": marker.name,
        "floor": marker.floor,
        "address": marker.address,
        "turn": marker.turn,
        "grade": GRADE[marker.kind],
        "admits_visitors_hours": marker.admits_visitors_hours,
        "created_at": clock.wire(marker.created_at),
        "revoked_at": clock.wire_or_none(marker.revoked_at),
    }


def add_marker(session: Session, actor: Actor, place_id: UUID, draft: dict[str, Any]) -> Marker:
    """Put up a marker; raises `Invalid` for one without its address, `Conflict` for an address in use."""
    scope_for(session, actor, place_id, Permission.MARKERS_MANAGE)
    if session.get(Place, place_id) is None:
        raise NotFound
    address = address_of(draft)
    if address is not None and find_by_address(session, draft["kind"], address) is not None:
        raise Conflict("Another marker has this address.", code="marker_address_taken")
    if draft["admits_visitors_hours"] is not None and draft["kind"] not in ("printed", "rotating"):
        raise Invalid.at("/admits_visitors_hours", "Only a code that is scanned admits visitors.")
    marker = Marker(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        place_id=place_id,
        kind=draft["kind"],
        name=draft["name"],
        floor=draft["floor"],
        address=address,
        secret=None if address else secrets.token_bytes(32),
        turn=1,
        admits_visitors_hours=draft["admits_visitors_hours"],
        created_at=clock.now(),
    )
    session.add(marker)
    session.flush()
    return marker


def marker_for(session: Session, actor: Actor, marker_id: UUID, *, lock: bool = False) -> Marker:
    """A marker that the actor manages; `NotFound` outside the organisation or when it was taken down."""
    marker = session.get(Marker, marker_id, with_for_update=lock)
    if marker is None or marker.organisation_id != actor.organisation_id or marker.revoked_at is not None:
        refuse_absent(session, actor, marker_id)
    scope_for(session, actor, marker.place_id, Permission.MARKERS_MANAGE)
    return marker


def list_markers(session: Session, place_id: UUID, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The markers of a place, oldest first."""
    query = select(Marker).where(Marker.place_id == place_id, Marker.revoked_at.is_(None))
    if after is not None:
        query = query.where(Marker.id > after)
    return [wire_marker(marker) for marker in session.scalars(query.order_by(Marker.id).limit(limit))]


def turn_marker(session: Session, marker: Marker) -> None:
    """Make every code that was shown or printed so far worthless."""
    marker.turn += 1
    if marker.secret is not None:
        marker.secret = secrets.token_bytes(32)
    session.flush()


def address_of(named: dict[str, Any]) -> str | None:
    """The address of a beacon or access point, in one form; None for markers that show a code."""
    kind = named["kind"]
    if kind == "beacon":
        beacon = named.get("beacon")
        if beacon is None:
            raise Invalid.at("/beacon", "Give uuid, major and minor.")
        return f"{beacon['uuid']}/{beacon['major']}/{beacon['minor']}"
    if kind == "wifi":
        if named.get("bssid") is None:
            raise Invalid.at("/bssid", "Give the BSSID.")
        return str(named["bssid"]).lower().replace("-", ":")
    return None


def find_by_address(session: Session, kind: str, address: str) -> Marker | None:
    """The marker of the organisation that stands for this beacon or access point."""
    return session.scalars(
        select(Marker).where(Marker.kind == kind, Marker.address == address, Marker.revoked_at.is_(None))
    ).one_or_none()


def show_code(marker: Marker, at: datetime) -> tuple[str, datetime | None]:
    """The code of the moment, and until when it is shown (None: until it is turned)."""
    if marker.kind != "rotating":
        return _code(marker, marker.turn), None
    window = _window(at)
    return _code(marker, window), datetime.fromtimestamp((window + 1) * PERIOD.total_seconds(), UTC)


def marker_id_of(code: str) -> UUID:
    """Which marker a code says that it is of; raises `CodeRefused` for anything that is no code."""
    return _parse(code)[0]


def turn_of(code: str) -> int:
    """Of which turn a code says that it is; raises `CodeRefused` for anything that is no code."""
    return _parse(code)[1]


def check_code(marker: Marker | None, code: str, at: datetime) -> None:
    """Raise `CodeRefused` unless the code is the marker's own, `CodeTurned` when it was and has turned."""
    _, turn, _ = _parse(code)
    if marker is None or marker.revoked_at is not None or marker.kind not in CODED:
        raise CodeRefused
    if not hmac.compare_digest(_code(marker, turn), code.strip().upper()):
        raise CodeRefused
    # What was on the screen when the camera saw it is on its way for a moment.
    good = (_window(at), _window(at - ON_ITS_WAY)) if marker.kind == "rotating" else (marker.turn,)
    if turn not in good:
        raise CodeTurned


def _window(at: datetime) -> int:
    return int(at.timestamp() // PERIOD.total_seconds())


def _code(marker: Marker, turn: int) -> str:
    said = f"{_PREFIX}.{_base32(marker.id.bytes)}.{turn}"
    mac = hmac.new(marker.secret or b"", said.encode(), hashlib.sha256).digest()[:_MAC_BYTES]
    return f"{said}.{_base32(mac)}"


def _parse(code: str) -> tuple[UUID, int, str]:
    parts = code.strip().upper().split(".")
    if not code.isascii():
        raise CodeRefused
    try:
        prefix, marker, turn, mac = parts
        if prefix != _PREFIX or not (turn.isdigit() and len(turn) <= 12):
            raise CodeRefused
        return UUID(bytes=base64.b32decode(marker + "=" * (-len(marker) % 8))), int(turn), mac
    except (ValueError, binascii.Error):
        raise CodeRefused from None


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")
