"""How many accounts gates open: who opens too many is refused, and a crowd is let in and marked.

A bus of forty strangers comes from one address (a carrier's NAT) within five minutes, and all of them get in. So what
is refused is far more than that: of one installation, which has one living account anyhow, and of one address. What is
merely more than usual is a burst: its accounts are marked, also those that came before the crowd was one, and roll
calls show the mark (`geo/musters/`). Of one address, more than a bus in an hour is a burst however slowly they came.

A code's own bound is the last stop. Before an attacker from many addresses comes to it, the gate is crowded, and each
address gets a few accounts only. It counts what one turn of the code opened, so that strangers get in again as soon as
a manager has turned a printed code, and with the next code of a screen. Who scans a screen is let in beyond the bound
of their address, a few in each turn: others behind the same address may have used it up.
"""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

from sqlalchemy import ColumnElement, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Session

from base import clock
from base.errors import TooManyRequests
from geo.models.places import Marker
from geo.models.stays import GateAccount

HOUR = timedelta(hours=1)
MOST_BY_INSTALLATION = 10
MOST_BY_ADDRESS, MOST_BY_NETWORK = 120, 480
CROWDED, MOST_BY_ADDRESS_IN_A_CROWD = 500, 5
MOST_BY_TURN = {"printed": 1_000, "rotating": 100}
ALWAYS_BY_ADDRESS_AND_TURN = 2
BURST, BURST_WITHIN = 20, timedelta(minutes=10)
DRIP, DRIP_WITHIN = 40, HOUR  # of one address


@dataclass(frozen=True)
class Scan:
    """Who scans which code: an installation, from an address (None: not known), a turn of the code."""

    marker: Marker
    turn: int
    installation_id: str
    address: str | None


def address_block(address: str | None) -> str | None:
    """What counts as one address: an IPv4 address, or the /64 that an IPv6 host chooses its addresses from."""
    return _block(address, 64)


def wait_for_turn(session: Session, organisation_id: UUID, scan: Scan) -> None:
    """Let the accounts of one installation, of one address, of one code be opened one at a time: counts are exact."""
    # Nobody may call an installation like an address: two scans would wait for one another.
    for name in (f"installation:{scan.installation_id}", f"address:{address_block(scan.address)}"):
        key = f"gate:{organisation_id}:{name}"
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    session.refresh(scan.marker, with_for_update={"key_share": True})


def check_pace(session: Session, scan: Scan) -> None:
    """Raise `TooManyRequests` where installation, address or code has opened too many accounts within the hour."""
    opened = _opened_by(session, scan)
    most = MOST_BY_ADDRESS_IN_A_CROWD if opened.gate >= CROWDED else MOST_BY_ADDRESS
    by_address = opened.address >= most or opened.network >= MOST_BY_NETWORK
    if by_address and scan.marker.kind == "rotating":
        by_address = opened.address_and_turn >= ALWAYS_BY_ADDRESS_AND_TURN
    if (
        opened.installation >= MOST_BY_INSTALLATION
        or by_address
        or opened.turn >= MOST_BY_TURN[scan.marker.kind]
    ):
        # The next code of a screen is another turn.
        wait_s = 30 if scan.marker.kind == "rotating" else 600
        raise TooManyRequests(headers={"Retry-After": str(wait_s)}, code="too_many_visitors")


def mark_burst(session: Session, scan: Scan) -> list[UUID]:
    """Mark what this gate, or this address at any gate, opened in short time, if it is a burst; returns whose marks
    are new."""
    here, from_there = GateAccount.marker_id == scan.marker.id, _from(scan.address, 64)
    bursts = (here, BURST, BURST_WITHIN), (from_there, BURST, BURST_WITHIN), (from_there, DRIP, DRIP_WITHIN)
    marked: list[UUID] = []
    for alike, most, within in bursts:
        theirs = GateAccount.organisation_id == scan.marker.organisation_id
        opened = (theirs, alike, GateAccount.opened_at > clock.now() - within)
        if (session.scalar(select(func.count()).where(*opened)) or 0) <= most:
            continue
        unmarked = update(GateAccount).where(*opened, GateAccount.in_burst.is_(False))
        marked += session.scalars(unmarked.values(in_burst=True).returning(GateAccount.person_id))
    return marked


def forget_addresses(session: Session) -> None:
    """An address is counted for an hour, and kept no longer."""
    old = (GateAccount.address.is_not(None), GateAccount.opened_at <= clock.now() - HOUR)
    session.execute(update(GateAccount).where(*old).values(address=None))


@dataclass(frozen=True)
class _Opened:
    """How many accounts were opened within the hour: by the installation at any gate, and at this gate."""

    installation: int
    gate: int
    turn: int
    address: int
    address_and_turn: int
    network: int


def _opened_by(session: Session, scan: Scan) -> _Opened:
    here = GateAccount.marker_id == scan.marker.id
    of_turn, of_address = here & (GateAccount.turn == scan.turn), here & _from(scan.address, 64)
    wanted = (
        GateAccount.installation_id == scan.installation_id,
        here,
        of_turn,
        of_address,
        of_turn & of_address,
        here & _from(scan.address, 48),
    )
    within = select(*(func.count().filter(which) for which in wanted)).where(
        GateAccount.organisation_id == scan.marker.organisation_id,
        GateAccount.opened_at > clock.now() - HOUR,
        or_(here, GateAccount.installation_id == scan.installation_id),
    )
    return _Opened(*session.execute(within).one())


def _from(address: str | None, prefix: int) -> ColumnElement[bool]:
    """Opened from the same address, or from the same network of IPv6 addresses. What is not known is alike."""
    block = _block(address, prefix)
    if block is None:
        return GateAccount.address.is_(None)
    return GateAccount.address.op("<<=", is_comparison=True)(cast(block, INET))


def _block(address: str | None, prefix: int) -> str | None:
    try:
        read = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(read, IPv6Address):
        if read.ipv4_mapped is not None:
            return str(read.ipv4_mapped)
        return str(ip_network((read, prefix), strict=False))
    return str(read)
