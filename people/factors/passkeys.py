"""One's passkeys: made, listed, named, removed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, Forbidden, Invalid, NotFound
from base.sealing import Sealer
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.factors.ceremonies import Credential, RelyingParty, creation_options, registered, wire_options
from people.factors.challenges import Purpose, new_challenge, use_challenge
from people.models import Organisation, Passkey, Person
from people.roles.administrators import keep_an_administrator
from people.sign_in.models import Credential as Password

MOST = 20
KNOWN = text("SELECT organisation_of_passkey(:credential_id)")


class PasskeyInvalid(Invalid):
    """The authenticator's answer is not one to what it was asked, or not in time; the challenge is used up."""

    code, title, keeps_changes = "passkey_invalid", "This passkey cannot be taken; begin again", True


class PasskeyKnown(Conflict):
    """An account has this very passkey."""

    code, title = "passkey_known", "This passkey is registered already"


class TooManyPasskeys(Conflict):
    """One has as many as there may be."""

    code, title = "too_many_passkeys", "Remove a passkey that you no longer use first"


class LastWayIn(Conflict):
    """Without it the person could not sign in again."""

    code, title = "last_way_in", "You sign in with nothing else; add another passkey first"


def wire_passkey(passkey: Passkey) -> dict[str, Any]:
    """A passkey as its owner sees it."""
    return {
        "id": str(passkey.id),
        "name": passkey.name,
        "synced": passkey.synced,
        "created_at": clock.wire(passkey.created_at),
        "last_used_at": clock.wire_or_none(passkey.last_used_at),
        "held_at": clock.wire_or_none(passkey.held_at),
    }


def passkeys_of(session: Session, person_id: UUID) -> Sequence[Passkey]:
    """A person's, the oldest first."""
    theirs = select(Passkey).where(Passkey.person_id == person_id)
    return session.scalars(theirs.order_by(Passkey.created_at, Passkey.id)).all()


def offer(session: Session, sealer: Sealer, party: RelyingParty, actor: Actor) -> dict[str, Any]:
    """What an authenticator is asked for a new passkey; raises `Forbidden` for visitors, who have one device.

    What comes back is taken from this session alone, so that who asked was who had just proved themself.
    """
    if actor.is_visitor:
        raise Forbidden
    challenge = new_challenge(sealer, Purpose.REGISTER, str(actor.session_id))
    person = session.get_one(Person, actor.person_id)
    options = creation_options(
        party,
        challenge,
        organisation=session.get_one(Organisation, actor.organisation_id).name,
        user=actor.person_id.bytes,
        name=person.email or person.name,
        display_name=person.name,
        known=[passkey.credential_id for passkey in passkeys_of(session, actor.person_id)],
    )
    return wire_options(challenge, options)


def add_passkey(
    session: Session,
    sealer: Sealer,
    party: RelyingParty,
    actor: Actor,
    *,
    challenge_id: str,
    credential: Credential,
    name: str,
) -> Passkey:
    """Take the passkey that was made; raises `PasskeyInvalid`, `PasskeyKnown` or `TooManyPasskeys`."""
    challenge = use_challenge(session, sealer, challenge_id, Purpose.REGISTER)
    if challenge is None or challenge.whose != str(actor.session_id):
        raise PasskeyInvalid
    made = registered(party, challenge, credential)
    if made is None:
        raise PasskeyInvalid
    _held(session, actor)
    if len(passkeys_of(session, actor.person_id)) >= MOST:
        raise TooManyPasskeys
    if session.scalar(KNOWN, {"credential_id": made.credential_id}) is not None:
        raise PasskeyKnown
    passkey = Passkey(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        synced=made.synced,
        name=name,
        created_at=clock.now(),
    )
    session.add(passkey)
    session.flush()
    tell_sign_in_changed(session, actor.organisation_id, actor.person_id, "passkey", actor.person_id)
    return passkey


def own_passkey(session: Session, actor: Actor, passkey_id: UUID) -> Passkey:
    """One of one's own, or `NotFound`."""
    passkey = session.get(Passkey, passkey_id)
    if passkey is None or passkey.person_id != actor.person_id:
        raise NotFound
    return passkey


def rename_passkey(session: Session, actor: Actor, passkey_id: UUID, name: str) -> Passkey:
    """Call it something else; raises `NotFound`."""
    passkey = own_passkey(session, actor, passkey_id)
    passkey.name = name
    session.flush()
    return passkey


def remove_passkey(session: Session, actor: Actor, passkey_id: UUID) -> None:
    """Let it sign in nobody any more; raises `NotFound`, or `LastWayIn` where there is no password and no other."""
    person = _held(session, actor)
    passkey = own_passkey(session, actor, passkey_id)
    if passkey.held_at is None and not _signs_in_without(session, passkey):
        raise LastWayIn
    _remove(session, person, passkey, actor)


def remove_passkey_of(session: Session, actor: Actor, person: Person, passkey_id: UUID) -> None:
    """Take away another person's, whose lost phone has it; raises `NotFound`, or `LastAdministrator`.

    `person` is one whom the actor may manage, held.
    """
    passkey = session.get(Passkey, passkey_id)
    if passkey is None or passkey.person_id != person.id:
        raise NotFound
    if passkey.held_at is None and not _signs_in_without(session, passkey):
        keep_an_administrator(session, person)
    _remove(session, person, passkey, actor)


def _remove(session: Session, person: Person, passkey: Passkey, actor: Actor) -> None:
    session.delete(passkey)
    session.flush()
    tell_sign_in_changed(session, person.organisation_id, person.id, "passkey", actor.person_id)


def _held(session: Session, actor: Actor) -> Person:
    """The person, so that of two changes at once the second sees the first."""
    return session.get_one(Person, actor.person_id, with_for_update={"key_share": True})


def _signs_in_without(session: Session, passkey: Passkey) -> bool:
    others = select(func.count()).where(
        Passkey.person_id == passkey.person_id, Passkey.id != passkey.id, Passkey.held_at.is_(None)
    )
    return session.get(Password, passkey.person_id) is not None or bool(session.scalar(others))
