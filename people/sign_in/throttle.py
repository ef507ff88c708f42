"""Slows guessing at passwords and codes, and lets in whoever does not guess.

A try is counted before it is looked at, in a short transaction of its own: of many at once no more are looked at than
are allowed. It is taken back where it was right. Each is counted in several buckets, and not heard where one is full:

    an account, from one address            a stranger holds up nobody who comes from elsewhere
    an account, from one provider's block   as few who have thousands of addresses
    an account, from everywhere             guessing is slow, however many do it
    all accounts, from one address          one password is not tried at all names; many people share an address

A phone on which the person has been signed in has a bucket of its own, and falls back on those: what strangers do does
not concern it. Its installation is no secret to whoever had the phone in their hands; it buys ten more guesses, and
nothing else. Accounts are counted as the database finds them, so that no other spelling is another account; names that
are nobody's are counted alike. Anybody can begin a bucket under any name, but not faster than hashes are made.
"""

import hashlib
import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from uuid import UUID

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.errors import TooManyRequests
from people.sign_in.models import SignInFailure

ALLOWED = 10
WINDOW = timedelta(minutes=15)
_FROM_A_BLOCK, _FROM_EVERYWHERE, _FROM_AN_ADDRESS = 30, 100, 300
# A household, or a phone, has 64 bits of IPv6 to itself, and whoever asks a provider for it, 48.
_ADDRESS_BITS, _BLOCK_BITS = {4: 32, 6: 64}, {4: 24, 6: 48}


class Door(StrEnum):
    """Where somebody guesses; the value is what they are told after too many guesses."""

    SIGN_IN = "too_many_sign_ins"
    RESET = "too_many_resets"
    INVITATION = "too_many_codes"


class TooManyGuesses(TooManyRequests):
    """This try is not looked at, and not counted."""

    keeps_changes = False


@dataclass(frozen=True)
class Bucket:
    """One count. `own`: a right try empties it, for it shows that the others there were mistakes."""

    key: bytes
    account: bytes
    most: int
    own: bool = False


def of_strangers(door: Door, account: str | None, address: str | None) -> list[Bucket]:
    """The buckets of a try at an account (none: at a code that names nobody) from a network address."""
    near, wide = home_network(address), _network(address, _BLOCK_BITS)
    everybody = _bucket(door, "", near, _FROM_AN_ADDRESS)
    if account is None:
        return [everybody]
    return [
        everybody,
        _bucket(door, account, near, ALLOWED, own=True),
        # By a name of its own: addresses that are none are one block, and one address.
        _bucket(door, account, f"block {wide}", _FROM_A_BLOCK),
        _bucket(door, account, "everywhere", _FROM_EVERYWHERE),
    ]


def home_network(address: str | None) -> str:
    """What counts as one address: of IPv6, all that one line has to itself."""
    return _network(address, _ADDRESS_BITS)


def of_device(account: str, device_id: UUID) -> list[Bucket]:
    """The bucket of a try from one of the account's own phones."""
    return [_bucket(Door.SIGN_IN, account, str(device_id), ALLOWED, own=True)]


def count(session: Session, door: Door, *choices: Sequence[Bucket]) -> Sequence[Bucket]:
    """Count a try in the first choice with room in all its buckets, and tell which; raises `TooManyGuesses`.

    To be committed before the try is looked at. Rows are locked in one order, whatever is asked.
    """
    at = until = clock.now()
    for buckets in choices:
        until = _full_until(_read(session, buckets), at) or _full_until(_one_more(session, buckets, at), at)
        if until is None:
            return buckets
    wait = max(1, math.ceil((until - at).total_seconds()))
    raise TooManyGuesses(headers={"Retry-After": str(wait)}, code=door)


def take_back(session: Session, counted: Sequence[Bucket]) -> None:
    """The try was right."""
    emptied = [bucket.key for bucket in counted if bucket.own]
    left = case((SignInFailure.key.in_(emptied), 0), else_=func.greatest(SignInFailure.failures - 1, 0))
    rows = update(SignInFailure).where(SignInFailure.key.in_([bucket.key for bucket in counted]))
    session.execute(rows.values(failures=left))


def forget_account(session: Session, person_id: UUID) -> None:
    """Empty all that was counted for an account: its owner has a new password, or gets one now."""
    accounts = [_digest(door, str(person_id)) for door in Door]
    session.execute(delete(SignInFailure).where(SignInFailure.account.in_(accounts)))


def forget_old_failures(session: Session) -> None:
    """Delete the counts whose window is over; anybody can begin one, under any name."""
    session.execute(delete(SignInFailure).where(SignInFailure.window_started_at < clock.now() - WINDOW))


_Counted = list[tuple[datetime, int, int]]  # when the window began, tries in it, how many are allowed


def _read(session: Session, buckets: Sequence[Bucket]) -> _Counted:
    """What is counted, as if this were one more."""
    most = {bucket.key: bucket.most for bucket in buckets}
    columns = SignInFailure.key, SignInFailure.window_started_at, SignInFailure.failures
    rows = session.execute(select(*columns).where(SignInFailure.key.in_(most)))
    return [(began, failures + 1, most[key]) for key, began, failures in rows]


def _one_more(session: Session, buckets: Sequence[Bucket], at: datetime) -> _Counted:
    most = {bucket.key: bucket.most for bucket in buckets}
    new = [
        {"key": each.key, "account": each.account, "failures": 1, "window_started_at": at}
        for each in sorted(buckets, key=attrgetter("key"))
    ]
    over = SignInFailure.window_started_at < at - WINDOW
    rows = session.execute(
        insert(SignInFailure)
        .values(new)
        .on_conflict_do_update(
            index_elements=[SignInFailure.key],
            set_={
                "failures": case((over, 1), else_=SignInFailure.failures + 1),
                "window_started_at": case((over, at), else_=SignInFailure.window_started_at),
            },
        )
        .returning(SignInFailure.key, SignInFailure.window_started_at, SignInFailure.failures)
    )
    return [(began, failures, most[key]) for key, began, failures in rows]


def _full_until(counted: _Counted, at: datetime) -> datetime | None:
    """When there is room again; None where there is."""
    full = [began + WINDOW for began, tries, most in counted if tries > most and began + WINDOW >= at]
    return max(full, default=None)


def _network(address: str | None, bits: dict[int, int]) -> str:
    """The network that an address belongs to; addresses that are none are one network."""
    try:
        ip = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "none"
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network((ip, bits[ip.version]), strict=False))


def _bucket(door: Door, account: str, source: str, most: int, *, own: bool = False) -> Bucket:
    return Bucket(_digest(door, account, source), _digest(door, account), most, own)


def _digest(*parts: str) -> bytes:
    """Names of people and where they are need not lie about here."""
    return hashlib.sha256("\0".join(parts).encode()).digest()
