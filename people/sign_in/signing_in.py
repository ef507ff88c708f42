"""Signing in with a password, in two halves, since hashing takes long and a transaction must not:

prove      a transaction finds the account and counts the try; the password is hashed after it
sign_in    another one starts the session, if the password is still the one that was proven
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from base.database import Database, again_if_it_gave_way, enter_organisation
from base.errors import Unauthenticated
from base.work import hashing
from people.audit.whose import concerns
from people.models import Device
from people.sign_in import passwords, throttle
from people.sign_in.models import Credential
from people.sign_in.opening import open_session
from people.sign_in.throttle import Bucket, Door
from people.sign_in.tokens import TokenMaker, Tokens
from people.sign_in.ways import Factor, Way

# One row whoever is asked for, with the address as the database compares it: what is counted apart is looked up apart.
_NAMED = text(
    "SELECT lower(:email) AS folded, organisation_id, person_id, password_hash"
    " FROM (SELECT) AS one LEFT JOIN sign_in_candidate(:slug, :email) ON true"
)

_NOBODY = UUID(int=0)


class SignInRefused(Unauthenticated):
    """Wrong organisation, address or password; which of them is not told."""

    code, title = "sign_in_refused", "The organisation, address or password is not right"


@dataclass(frozen=True)
class Named:
    """What somebody named with a short name and an address: an account, or nothing."""

    key: str
    organisation_id: UUID | None
    person_id: UUID | None
    password_hash: str | None


@dataclass(frozen=True)
class Proof:
    """That somebody knew a person's password, whose hash this was."""

    organisation_id: UUID
    person_id: UUID
    password_hash: str


def named(session: Session, slug: str, email: str) -> Named:
    """The account of an address, and the key under which guesses at it count, whether it is there or not."""
    row = session.execute(_NAMED, {"slug": slug, "email": email}).one()
    key = f"{slug}\n{row.folded}" if row.person_id is None else str(row.person_id)
    concerns(row.organisation_id, row.person_id)
    return Named(key, row.organisation_id, row.person_id, row.password_hash)


def prove(
    database: Database,
    *,
    organisation: str,
    email: str,
    password: str,
    installation: str,
    address: str | None,
) -> Proof:
    """Check a password that came from a network address; raises `SignInRefused`, `TooManyGuesses` or `Busy`."""
    with hashing.place(throttle.home_network(address)) as run:
        account, counted = again_if_it_gave_way(
            lambda: _counted(database, organisation, email, installation, address)
        )
        matched = passwords.matches(run, account.password_hash, password)
    if not matched or None in (account.organisation_id, account.person_id, account.password_hash):
        raise SignInRefused
    take_back(database, counted)
    return Proof(account.organisation_id, account.person_id, account.password_hash)  # type: ignore[arg-type]


def take_back(database: Database, counted: Sequence[Bucket]) -> None:
    """A try that was counted was right."""

    def act() -> None:
        with database.transaction() as session:
            throttle.take_back(session, counted)

    again_if_it_gave_way(act)


def _counted(
    database: Database, slug: str, email: str, installation: str, address: str | None
) -> tuple[Named, Sequence[Bucket]]:
    with database.transaction() as session:
        account = named(session, slug, email)
        enter_organisation(session, account.organisation_id)
        person_id = account.person_id or _NOBODY  # asked whoever is named: how long it takes tells nothing
        own = select(Device.id).where(Device.installation_id == installation, Device.person_id == person_id)
        device_id = session.scalar(own)
        choices = [throttle.of_strangers(Door.SIGN_IN, account.key, address)]
        if device_id is not None:
            choices.insert(0, throttle.of_device(account.key, device_id))
        return account, throttle.count(session, Door.SIGN_IN, *choices)


def sign_in(
    session: Session,
    maker: TokenMaker,
    session_ttl: int,
    proof: Proof,
    device: dict[str, Any],
    address: str | None,
) -> Tokens:
    """Start a session on the device; raises `SignInRefused` where the password is another one by now."""
    enter_organisation(session, proof.organisation_id)
    if not _is_still_the_password(session, proof):
        raise SignInRefused
    way = Way((Factor.PASSWORD,), address)
    return open_session(session, maker, session_ttl, proof.organisation_id, proof.person_id, device, way)[0]


def _is_still_the_password(session: Session, proof: Proof) -> bool:
    """Whether it has not changed while it was checked; whoever changes it now waits, and ends this session too."""
    kept = select(Credential.person_id).where(
        Credential.person_id == proof.person_id, Credential.password_hash == proof.password_hash
    )
    return session.scalar(kept.with_for_update(read=True)) is not None
