"""One's authenticator app: set up, shown to work, exchanged for another, taken away; and codes on paper beside it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, Forbidden, NotFound
from base.sealing import Sealer
from people.accounts.persons import person_in
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.models import Organisation, Person
from people.roles.outranking import check_may_enter
from people.sign_in import totp
from people.sign_in.models import TotpSecret
from people.sign_in.policies import rule_for
from people.sign_in.second_factors import (
    SecondFactorRefused,
    codes_left,
    forget_second_factors,
    has_passkey,
    held_secret,
    keep_secret,
    new_recovery_codes,
)

_BEGUN_FOR = timedelta(minutes=15)


class NotBegun(Conflict):
    """There is no app that waits to be confirmed, or it has waited too long."""

    code, title = "totp_not_begun", "Begin with a new authenticator app first"


class SecondFactorKept(Conflict):
    """The organisation asks for a second factor: one's own is exchanged, and not taken away."""

    code, title = (
        "second_factor_kept",
        "Your organisation asks for a second factor; set up another one instead",
    )


@dataclass(frozen=True)
class Setup:
    """What an authenticator app takes: scanned (`uri`), or typed in (`secret`)."""

    secret: str
    uri: str


def setup_of(session: Session, person_id: UUID, secret: str) -> Setup:
    """A secret as an app takes it, with the names of the person and the organisation."""
    person = session.get_one(Person, person_id)
    organisation = session.get_one(Organisation, person.organisation_id)
    return Setup(secret, totp.uri_of(secret, person.name, organisation.name))


def read_authenticator(session: Session, actor: Actor) -> dict[str, Any]:
    """Whether one has an app, and how many recovery codes are left."""
    secret = session.get(TotpSecret, actor.person_id)
    return {
        "confirmed_at": clock.wire_or_none(None if secret is None else secret.confirmed_at),
        "recovery_codes_left": codes_left(session, actor.person_id),
    }


def begin_authenticator(session: Session, sealer: Sealer, actor: Actor) -> Setup:
    """A secret for a new app; the present one goes on until the new one is confirmed."""
    made = totp.new_secret()
    secret = held_secret(session, actor.person_id)
    if secret is None:
        secret = TotpSecret(person_id=actor.person_id, organisation_id=actor.organisation_id)
        session.add(secret)
    secret.pending, secret.pending_at = sealer.sealed(made), clock.now()
    session.flush()
    return setup_of(session, actor.person_id, made)


def confirm_authenticator(session: Session, sealer: Sealer, actor: Actor, code: str) -> list[str]:
    """Show that the new app counts right: from now on it is asked for. Returns recovery codes, told this once.

    Raises `NotBegun` or `SecondFactorRefused`.
    """
    secret = held_secret(session, actor.person_id)
    if secret is None or secret.pending is None or secret.pending_at is None:
        raise NotBegun
    if secret.pending_at + _BEGUN_FOR <= clock.now():
        raise NotBegun
    step = totp.step_of(sealer.opened(secret.pending), code, after=0)
    if step is None:
        raise SecondFactorRefused
    codes = keep_secret(session, secret, secret.pending, step)
    tell_sign_in_changed(session, actor.organisation_id, actor.person_id, "totp", actor.person_id)
    return codes


def remove_authenticator(session: Session, actor: Actor) -> None:
    """Do without; raises `NotFound` where there is none, `SecondFactorKept` where the organisation asks for one."""
    asked = rule_for(session, actor.organisation_id, actor.person_id).second_factor
    if asked and not has_passkey(session, actor.person_id):
        raise SecondFactorKept
    _remove(session, actor.organisation_id, actor.person_id, actor.person_id)


def remove_authenticator_of(session: Session, actor: Actor, person_id: UUID) -> None:
    """Help somebody who has lost app and codes; raises `NotFound`, and `Forbidden` where they may do more.

    One's own is not removed this way, or a stolen session of an administrator would be as good as the app.
    """
    person = person_in(session, actor.organisation_id, person_id)
    if person.id == actor.person_id:
        raise Forbidden
    check_may_enter(session, actor, person)
    _remove(session, actor.organisation_id, person.id, actor.person_id)


def remove_authenticator_as_operator(session: Session, person: Person) -> None:
    """The same for somebody whom no administrator can help; raises `NotFound`."""
    _remove(session, person.organisation_id, person.id, None)


def _remove(session: Session, organisation_id: UUID, person_id: UUID, by: UUID | None) -> None:
    if not forget_second_factors(session, person_id):
        raise NotFound
    tell_sign_in_changed(session, organisation_id, person_id, "totp_removed", by)


def renew_recovery_codes(session: Session, actor: Actor) -> list[str]:
    """New codes in place of all earlier ones; raises `NotFound` for somebody without an app."""
    secret = held_secret(session, actor.person_id)
    if secret is None or secret.sealed is None:
        raise NotFound
    codes = new_recovery_codes(session, actor.organisation_id, actor.person_id)
    tell_sign_in_changed(session, actor.organisation_id, actor.person_id, "recovery_codes", actor.person_id)
    return codes
