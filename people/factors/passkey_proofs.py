"""Proving who one is with a passkey: to sign in, and anew within a session.

    app ──▶ a challenge, and the domain ──▶ authenticator ──signature──▶ app ──▶ here

Whoever signs in names nobody: the authenticator shows the accounts that it has passkeys of, and the answer names the
passkey. So nothing is told of who has an account. Whatever is wrong with an answer, it is refused alike; a passkey that
nobody has is judged by a key that nobody has, and takes as long.

An authenticator that counts counts upwards. One that does not has the number 0 for ever. A number that comes again, or
is smaller, was counted by a copy, or by what was copied: the passkey is held, and its owner told.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes

from base import clock
from base.database import enter_organisation
from base.errors import Forbidden, Unauthenticated
from base.sealing import Sealer
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.audit.whose import concerns
from people.factors.ceremonies import Credential, RelyingParty, request_options, signed, wire_options
from people.factors.challenges import Challenge, Purpose, new_challenge, use_challenge
from people.factors.passkeys import KNOWN, passkeys_of
from people.models import Organisation, Passkey, Person
from people.sign_in.fresh import prove_anew
from people.sign_in.opening import open_session
from people.sign_in.tokens import TokenMaker, Tokens
from people.sign_in.ways import Factor, Way

_NOBODYS_KEY = bytes.fromhex(
    "a5010203262001215820"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "225820"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


class PasskeyRefused(Unauthenticated):
    """Not a passkey of ours, or not its signature, or not what was asked, or too late; which of them is not told."""

    code, title, keeps_changes = "passkey_refused", "This passkey does not let you in", True


class PasskeyProofRefused(Forbidden):
    """The same, of somebody who is signed in."""

    code, title, keeps_changes = "passkey_proof_refused", "This passkey does not prove who you are", True


def ask_anybody(sealer: Sealer, party: RelyingParty, organisation: str | None) -> dict[str, Any]:
    """What an authenticator is asked by who is not signed in; with a short name, passkeys of that organisation alone
    are taken."""
    challenge = new_challenge(sealer, Purpose.SIGN_IN, organisation or "")
    return wire_options(challenge, request_options(party, challenge))


def ask_anew(session: Session, sealer: Sealer, party: RelyingParty, actor: Actor) -> dict[str, Any]:
    """What an authenticator is asked by who is: to use one of the person's own passkeys."""
    challenge = new_challenge(sealer, Purpose.PROVE, str(actor.session_id))
    known = [each.credential_id for each in passkeys_of(session, actor.person_id) if each.held_at is None]
    return wire_options(challenge, request_options(party, challenge, known))


def sign_in_with_passkey(
    session: Session,
    sealer: Sealer,
    party: RelyingParty,
    maker: TokenMaker,
    session_ttl: int,
    *,
    challenge_id: str,
    credential: Credential,
    device: dict[str, Any],
    address: str | None,
) -> Tokens:
    """Start a session on the device; raises `PasskeyRefused`."""
    challenge = use_challenge(session, sealer, challenge_id, Purpose.SIGN_IN)
    if challenge is None:
        raise PasskeyRefused
    passkey = _proven(session, party, challenge, credential, _known(session, credential, challenge.whose))
    if passkey is None:
        raise PasskeyRefused
    way = Way((Factor.PASSKEY,), address)
    whose = passkey.organisation_id, passkey.person_id
    return open_session(session, maker, session_ttl, *whose, device, way)[0]


def prove_with_passkey(
    session: Session,
    sealer: Sealer,
    party: RelyingParty,
    actor: Actor,
    *,
    challenge_id: str,
    credential: Credential,
) -> None:
    """Note that the person has just proved who they are; raises `PasskeyProofRefused`."""
    challenge = use_challenge(session, sealer, challenge_id, Purpose.PROVE)
    if challenge is None or challenge.whose != str(actor.session_id):
        raise PasskeyProofRefused
    own = _own(session, credential, actor.person_id)
    if _proven(session, party, challenge, credential, own) is None:
        raise PasskeyProofRefused
    prove_anew(session, actor, Factor.PASSKEY)


def _known(session: Session, credential: Credential, organisation: str) -> Passkey | None:
    """The passkey that an answer names, of an account that is open, held until the transaction ends.

    The transaction enters its organisation. It asks the same whether there is one or not.
    """
    credential_id = base64url_to_bytes(credential["id"])
    enter_organisation(session, session.scalar(KNOWN, {"credential_id": credential_id}))
    query = (
        select(Passkey)
        .join(Person, Person.id == Passkey.person_id)
        .join(Organisation, Organisation.id == Passkey.organisation_id)
        .where(Passkey.credential_id == credential_id, Person.ended_at.is_(None))
    )
    if organisation:
        query = query.where(Organisation.slug == organisation)
    return session.scalars(query.with_for_update(of=Passkey)).one_or_none()


def _own(session: Session, credential: Credential, person_id: UUID) -> Passkey | None:
    mine = select(Passkey).where(
        Passkey.credential_id == base64url_to_bytes(credential["id"]), Passkey.person_id == person_id
    )
    return session.scalars(mine.with_for_update()).one_or_none()


def _proven(
    session: Session,
    party: RelyingParty,
    challenge: Challenge,
    credential: Credential,
    passkey: Passkey | None,
) -> Passkey | None:
    """The passkey, if it signed the challenge for its own user; how often it has signed by now is remembered."""
    if passkey is not None:
        concerns(passkey.organisation_id, passkey.person_id)
    said = signed(party, challenge, credential, _NOBODYS_KEY if passkey is None else passkey.public_key)
    if said is None or passkey is None or passkey.held_at is not None:
        return None
    if said.user is not None and said.user != passkey.person_id.bytes:
        return None
    counts = said.sign_count > 0 or passkey.sign_count > 0
    if counts and said.sign_count <= passkey.sign_count:
        _hold(session, passkey)
        return None
    passkey.sign_count, passkey.synced, passkey.last_used_at = said.sign_count, said.synced, clock.now()
    session.flush()
    return passkey


def _hold(session: Session, passkey: Passkey) -> None:
    """There are two of it: it lets nobody in any more, and the person hears of it."""
    passkey.held_at = clock.now()
    session.flush()
    tell_sign_in_changed(session, passkey.organisation_id, passkey.person_id, "passkey_held", None)
