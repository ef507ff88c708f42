"""The sign-in policy of an organisation, as its administrators read and write it.

No policy is taken that would keep out every administrator there is now: one of them has to be able to come in with
what they have, from where they are. Who lacks a second factor is not kept out: they set one up as they sign in.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, NotFound
from people.actor import Actor
from people.models import Identifier, Organisation, Passkey, Person, SignedInSession
from people.permissions import ADMINISTRATOR
from people.sign_in.models import Credential, SignInPolicy
from people.sign_in.policies import EVERYONE, ROLES, NetworkRefused, Rule, check_networks, combined, roles_of
from people.sign_in.ways import Factor

_NOTHING = {"factors": None, "second_factor": False, "session_seconds": None, "networks": None}
_REGISTRATION = "registration"


class PolicyLocksOut(Conflict):
    """No administrator of now could come in; `missing` says for want of what: factors, networks."""

    code, title = "policy_locks_out", "No administrator could sign in under this policy"


def read_policy(session: Session, organisation_id: UUID) -> tuple[dict[str, Any], int]:
    """The policy in wire form, and its version: 0 where none was ever written."""
    kept = session.get(SignInPolicy, organisation_id)
    organisation = session.get_one(Organisation, organisation_id)
    return _wire({} if kept is None else kept.rules, organisation), 0 if kept is None else kept.version


def _wire(rules: Mapping[str, Any], organisation: Organisation) -> dict[str, Any]:
    return {
        "everyone": rules.get(EVERYONE, _NOTHING),
        "roles": {role: rules.get(role) for role in ROLES},
        "registration": organisation.settings.get(_REGISTRATION),
    }


def held_version(session: Session, organisation_id: UUID) -> int:
    """The version that is there, which nobody else changes until the transaction ends."""
    session.get_one(Organisation, organisation_id, with_for_update={"key_share": True})
    return session.scalar(select(SignInPolicy.version).where(_of(organisation_id))) or 0


def write_policy(
    session: Session, actor: Actor, policy: dict[str, Any], address: str | None
) -> tuple[dict[str, Any], int]:
    """Have another policy hold from now on; sessions are judged by it as they are refreshed. Raises `PolicyLocksOut`.

    `address` is where the actor is. The caller has held the version that was edited (`held_version`).
    """
    rules = {EVERYONE: policy["everyone"], **{role: policy["roles"][role] for role in ROLES}}
    rules = {role: rule for role, rule in rules.items() if rule is not None}
    _check_somebody_comes_in(session, actor, rules, address)
    kept = session.get(SignInPolicy, actor.organisation_id, populate_existing=True)
    if kept is None:
        kept = SignInPolicy(organisation_id=actor.organisation_id, version=0)
        session.add(kept)
    kept.version, kept.rules, kept.networks = kept.version + 1, rules, _networks(rules)
    organisation = session.get_one(Organisation, actor.organisation_id)
    others = {name: value for name, value in organisation.settings.items() if name != _REGISTRATION}
    registration = policy["registration"]
    organisation.settings = others | ({} if registration is None else {_REGISTRATION: registration})
    session.flush()
    return _wire(rules, organisation), kept.version


def _networks(rules: Mapping[str, Any]) -> dict[str, list[str]] | None:
    """Those of the rules that name some, by role."""
    named = {role: rule["networks"] for role, rule in rules.items() if rule["networks"] is not None}
    return named or None


def reset_policy(session: Session, slug: str) -> None:
    """Ask for nothing any more, as an operator; raises `NotFound`. The version goes on: nobody edits what was."""
    organisation_id = session.scalar(select(Organisation.id).where(Organisation.slug == slug))
    if organisation_id is None:
        raise NotFound
    kept = session.get(SignInPolicy, organisation_id, with_for_update=True)
    if kept is not None:
        kept.version, kept.rules, kept.networks = kept.version + 1, {}, None
        session.flush()


def _check_somebody_comes_in(
    session: Session, actor: Actor, rules: Mapping[str, Any], address: str | None
) -> None:
    """Raise `PolicyLocksOut` unless one administrator could sign in under these rules."""
    missing: set[str] = set()
    for person_id, factors, addresses in _administrators(session, actor.organisation_id):
        rule = combined(rules, roles_of(session, person_id))
        places = [address, *addresses] if person_id == actor.person_id else addresses
        lacks = _lacks(rule, factors, places)
        if not lacks:
            return
        missing |= lacks
    raise PolicyLocksOut(missing=sorted(missing))


def _lacks(rule: Rule, factors: set[str], places: Sequence[str | None]) -> set[str]:
    lacks = set[str]()
    if rule.factors is not None and rule.factors.isdisjoint(factors):
        lacks.add("factors")
    if not any(_is_let_in(rule, place) for place in places) and rule.networks:
        lacks.add("networks")
    return lacks


def _is_let_in(rule: Rule, address: str | None) -> bool:
    try:
        check_networks(rule.networks, address)
    except NetworkRefused:
        return False
    return True


def _administrators(session: Session, organisation_id: UUID) -> list[tuple[UUID, set[str], list[str]]]:
    """Who administers for good, with what they may begin signing in, and the addresses that they are signed in from.

    A PIN is for tablets at a gate: nobody administers with it. Kinds of factors that come are asked for here.
    """
    addresses = select(func.array_agg(func.host(SignedInSession.address))).where(
        SignedInSession.person_id == Person.id,
        SignedInSession.address.is_not(None),
        SignedInSession.ended_at.is_(None),
        SignedInSession.expires_at > clock.now(),
    )
    reached = exists().where(
        Identifier.person_id == Person.id,
        Identifier.kind.in_(("email", "phone")),
        Identifier.verified_at.is_not(None),
        Identifier.ended_at.is_(None),
    )
    password = exists().where(Credential.person_id == Person.id)
    passkey = exists().where(Passkey.person_id == Person.id, Passkey.held_at.is_(None))
    found = session.execute(
        select(Person.id, password, reached, passkey, addresses.scalar_subquery()).where(
            Person.organisation_id == organisation_id,
            Person.role == ADMINISTRATOR,
            Person.ended_at.is_(None),
            Person.ends_at.is_(None),
            Person.role_ends_at.is_(None),
            Person.employed_until.is_(None),
        )
    )
    return [(person_id, _held(*ways), known or []) for person_id, *ways, known in found]


def _held(has_password: bool, is_reached: bool, has_passkey: bool) -> set[str]:
    held = {Factor.PASSWORD: has_password, Factor.ONE_TIME_CODE: is_reached, Factor.PASSKEY: has_passkey}
    return {str(factor) for factor, holds in held.items() if holds}


def _of(organisation_id: UUID) -> Any:
    return SignInPolicy.organisation_id == organisation_id
