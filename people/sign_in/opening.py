"""The one way into a session: whoever has proved who they are, by whatever factors, comes through here.

proven ─▶ the organisation's policy ─▶ a second step? ─▶ session ─▶ told, where the device is a new one
                                           └▶ challenge: no session yet (`people/sign_in/challenges.py`)
"""

from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from base import clock
from journal.catalogue import SIGN_IN_NEW_DEVICE
from journal.events import Event, append
from people.audit.whose import concerns
from people.models import Device, SignedInSession
from people.sign_in.challenges import challenge
from people.sign_in.policies import Rule, check_way, rule_for
from people.sign_in.second_factors import has_passkey, held_by
from people.sign_in.sessions import start_session
from people.sign_in.tokens import TokenMaker, Tokens
from people.sign_in.ways import Factor, Way, is_two_factors

_ALONE = frozenset({Factor.GATE, Factor.PIN})


def open_session(
    session: Session,
    maker: TokenMaker,
    session_ttl: int,
    organisation_id: UUID,
    person_id: UUID,
    device: dict[str, Any],
    way: Way,
) -> tuple[Tokens, UUID]:
    """Open a session on a device; returns its tokens and the device's id. Any earlier one on the device ends.

    The caller has checked the proofs that `way` names. Raises `FactorRefused` and `NetworkRefused` where the
    organisation's policy does not let them in; `SecondFactorRequired` and `EnrolmentRequired`, which keep what was
    done before, where one more step is to come.
    """
    rule = rule_for(session, organisation_id, person_id)
    check_way(rule, way)
    _check_steps(session, organisation_id, person_id, device, way, rule)
    is_new = way.factors != (Factor.PIN,) and _is_new_device(session, person_id, device)
    lasts = min(session_ttl, rule.session_seconds or session_ttl)
    tokens, device_id = start_session(session, maker, lasts, organisation_id, person_id, device, way)
    concerns(organisation_id, person_id, device_id, tokens.session_id)
    if is_new:
        _tell(session, organisation_id, person_id, tokens.session_id, device)
    return tokens, device_id


def _check_steps(
    session: Session, organisation_id: UUID, person_id: UUID, device: dict[str, Any], way: Way, rule: Rule
) -> None:
    """Raise where a second step is to come: the policy asks for it, or the person has chosen to be asked.

    A PIN is typed on an enrolled tablet, with gloves on: nobody is asked for more there.
    """
    if is_two_factors(way.factors) or not _ALONE.isdisjoint(way.factors):
        return
    held = held_by(session, person_id)
    if held or rule.lacks_second(way.factors):
        # Who has a passkey signs in with that: whoever knows their password sets up no app in its place.
        other = () if held or not has_passkey(session, person_id) else (Factor.PASSKEY,)
        raise challenge(session, organisation_id, person_id, device, way, held or other)


def _is_new_device(session: Session, person_id: UUID, device: dict[str, Any]) -> bool:
    """Whether somebody who was signed in before comes with a device that was not theirs."""
    installation = device["installation_id"]
    came_before = exists().where(SignedInSession.person_id == person_id)
    theirs = exists().where(Device.person_id == person_id, Device.installation_id == installation)
    return bool(session.scalar(select(came_before & ~theirs)))


def _tell(
    session: Session, organisation_id: UUID, person_id: UUID, session_id: UUID, device: dict[str, Any]
) -> None:
    """All of the person's devices hear of it: it may be somebody else."""
    payload = {
        "session_id": str(session_id),
        "platform": device["platform"],
        "device_name": device.get("name"),
        "signed_in_at": clock.wire(clock.now()),
    }
    event = Event(
        SIGN_IN_NEW_DEVICE, subject_id=session_id, payload=payload, person_id=person_id, actor_id=person_id
    )
    append(session, organisation_id, event)
