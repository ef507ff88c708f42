"""Signing in with a code that was sent, in two halves like signing in with a password (`signing_in.py`):

prove              counts the try, at the account and at the code, and looks at the code after that
sign_in_by_code    takes the code and opens the session, if nobody was quicker

The code is good on the installation that asked for it, once, and as long as the address or number that it went to is
the person's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.database import Database, again_if_it_gave_way, enter_organisation
from base.errors import Unauthenticated
from people.models import Person
from people.sign_in import short_codes, throttle
from people.sign_in.asked_codes import Asked, choices
from people.sign_in.opening import open_session
from people.sign_in.short_codes import CodeKeys, Purpose, Tried
from people.sign_in.signing_in import Named, named, take_back
from people.sign_in.throttle import Bucket, Door
from people.sign_in.tokens import TokenMaker, Tokens
from people.sign_in.ways import Factor, Way

_NOBODY = UUID(int=0)


class CodeRefused(Unauthenticated):
    """Wrong organisation, identifier, installation or code, or one that is used or too old; which is not told."""

    code = "one_time_code_refused"
    title = "The organisation, name or code is not right, or the code is no longer good on this device"


@dataclass(frozen=True)
class CodeProof:
    """That somebody knew the code that a person was sent."""

    organisation_id: UUID
    person_id: UUID
    code_id: UUID


def prove(database: Database, keys: CodeKeys, asked: Asked, code: str, address: str | None) -> CodeProof:
    """Check a code that came from a network address; raises `CodeRefused` or `TooManyGuesses`."""
    account, counted, tried = again_if_it_gave_way(lambda: _counted(database, asked, address))
    right = short_codes.is_right(keys, tried, code)
    if not right or account.organisation_id is None or account.person_id is None:
        raise CodeRefused
    # That it was sent was no abuse either: many may come in by codes from one address.
    take_back(database, [*counted, *throttle.of_strangers(Door.MESSAGE, account.key, address)])
    return CodeProof(account.organisation_id, account.person_id, tried.id)


def _counted(database: Database, asked: Asked, address: str | None) -> tuple[Named, Sequence[Bucket], Tried]:
    with database.transaction() as session:
        account = named(session, asked.organisation, asked.identifier)
        at = choices(session, Door.ONE_TIME_CODE, account, asked, address)
        counted = throttle.count(session, Door.ONE_TIME_CODE, *at)
        person_id = account.person_id or _NOBODY
        return (
            account,
            counted,
            short_codes.one_more_try(session, person_id, Purpose.SIGN_IN, asked.installation),
        )


def sign_in_by_code(
    session: Session,
    maker: TokenMaker,
    session_ttl: int,
    proof: CodeProof,
    device: dict[str, Any],
    address: str | None,
) -> Tokens:
    """Start a session on the device; raises `CodeRefused` where code or account are no longer good by now."""
    enter_organisation(session, proof.organisation_id)
    open_one = select(Person.id).where(Person.id == proof.person_id, Person.ended_at.is_(None))
    if session.scalar(open_one.with_for_update(read=True)) is None:
        raise CodeRefused
    if not short_codes.use(session, proof.code_id):
        raise CodeRefused
    way = Way((Factor.ONE_TIME_CODE,), address)
    return open_session(session, maker, session_ttl, proof.organisation_id, proof.person_id, device, way)[0]
