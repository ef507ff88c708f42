"""Sessions: started, kept up, ended. See `people/sign_in/tokens.py` for the two tokens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, and_, delete, select, text, update
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import enter_organisation
from base.errors import Unauthenticated
from journal.catalogue import SESSION_ENDED
from journal.events import Event, append
from people.audit.whose import concerns
from people.models import Device, SignedInSession
from people.sign_in.challenges import forget_challenges
from people.sign_in.devices import take_device
from people.sign_in.models import RefreshToken
from people.sign_in.policies import (
    check_networks,
    rule_for,
)
from people.sign_in.tokens import TokenMaker, Tokens, digest, first_refresh_token
from people.sign_in.ways import FRESH_FOR, Way


class RefreshRefused(Unauthenticated):
    """The refresh token is unknown, used, or of a session that has ended."""

    code, title, keeps_changes = "refresh_refused", "This refresh token is not valid; sign in again", True


def start_session(
    session: Session,
    maker: TokenMaker,
    session_ttl: int,
    organisation_id: UUID,
    person_id: UUID,
    device: dict[str, Any],
    way: Way,
) -> tuple[Tokens, UUID]:
    """A new session on a device, and the device's id; any earlier session on the same device ends.

    The caller has checked the proofs that `way` names.
    """
    taken = take_device(session, organisation_id, person_id, device)
    _end(session, SignedInSession.device_id == taken.id, reason="signed_in_again", actor_id=person_id)
    at = clock.now()
    signed_in = SignedInSession(
        id=ids.new_id(),
        organisation_id=organisation_id,
        person_id=person_id,
        device_id=taken.id,
        created_at=at,
        factors=list(way.factors),
        proven_at=at if way.proves_anew else at - FRESH_FOR - FRESH_FOR,
        address=way.known_address,
        expires_at=at + timedelta(seconds=session_ttl),
    )
    session.add(signed_in)
    session.flush()
    return _issue(session, maker, signed_in.id, organisation_id, first_refresh_token()), taken.id


def refresh(
    session: Session, maker: TokenMaker, token: str, retry_key: str | None, address: str | None = None
) -> Tokens:
    """Exchange a refresh token, from a network address. A used one, without the key it was used with, ends the session.

    So does a policy that would not let it open any more; raises `RefreshRefused`, or `NetworkRefused`.
    """
    organisation_id = session.scalar(
        text("SELECT organisation_of_refresh_token(:digest)"), {"digest": digest(token)}
    )
    if organisation_id is None:
        raise RefreshRefused
    enter_organisation(session, organisation_id)
    row = session.scalars(
        select(RefreshToken).where(RefreshToken.digest == digest(token)).with_for_update()
    ).one()
    live = session.scalars(
        select(SignedInSession).where(
            SignedInSession.id == row.session_id,
            SignedInSession.ended_at.is_(None),
            SignedInSession.expires_at > clock.now(),
        )
    ).one_or_none()
    if live is None:
        raise RefreshRefused
    _hold_to_policy(session, live, address)
    successors = maker.next_refresh_tokens(token, retry_key)
    if row.used_at is not None:
        return _repeat(session, maker, row, live, successors, retry_key)
    row.used_at = clock.now()
    row.retry_key_digest = None if retry_key is None else digest(retry_key)
    session.execute(update(Device).where(Device.id == live.device_id).values(last_seen_at=clock.now()))
    return _issue(session, maker, live.id, organisation_id, successors[0])


def _hold_to_policy(session: Session, live: SignedInSession, address: str | None) -> None:
    """Judge a session anew, as it were opened now; from another network it may still go on where it was."""
    rule = rule_for(session, live.organisation_id, live.person_id)
    check_networks(rule.networks, address)
    if rule.session_seconds is not None:
        live.expires_at = min(live.expires_at, live.created_at + timedelta(seconds=rule.session_seconds))
    over = live.expires_at <= clock.now()
    if over or not rule.allows(live.factors) or rule.lacks_second(live.factors):
        end_session(session, live.id, reason="policy", actor_id=None)
        raise RefreshRefused


def _repeat(
    session: Session,
    maker: TokenMaker,
    row: RefreshToken,
    live: SignedInSession,
    successors: Sequence[str],
    retry_key: str | None,
) -> Tokens:
    """Answer a repeated request with the same successor, if that has not been used yet; else end the session."""
    same_request = retry_key is not None and row.retry_key_digest == digest(retry_key)
    by_digest = {digest(successor): successor for successor in successors}
    unused = select(RefreshToken.digest).where(
        RefreshToken.digest.in_(by_digest), RefreshToken.used_at.is_(None)
    )
    given = session.scalar(unused)
    if not same_request or given is None:
        concerns(live.organisation_id, live.person_id, live.device_id, live.id)
        end_session(session, live.id, reason="refresh_token_reused", actor_id=None)
        raise RefreshRefused
    return Tokens(
        live.id,
        maker.access_token(live.id, live.organisation_id, clock.now()),
        by_digest[given],
        maker.access_ttl,
    )


def _issue(
    session: Session, maker: TokenMaker, session_id: UUID, organisation_id: UUID, refresh_token: str
) -> Tokens:
    session.add(
        RefreshToken(digest=digest(refresh_token), organisation_id=organisation_id, session_id=session_id)
    )
    session.flush()
    access = maker.access_token(session_id, organisation_id, clock.now())
    return Tokens(session_id, access, refresh_token, maker.access_ttl)


def end_session(session: Session, session_id: UUID, *, reason: str, actor_id: UUID | None) -> None:
    """End one session; its sockets close and its tokens are worthless from the commit on."""
    _end(session, SignedInSession.id == session_id, reason=reason, actor_id=actor_id)


def end_sessions(
    session: Session, person_id: UUID, *, reason: str, actor_id: UUID | None, but: UUID | None = None
) -> None:
    """End every session of a person, `but` one, and the sign-ins that wait for a second step."""
    forget_challenges(session, person_id)
    others = SignedInSession.id.is_distinct_from(but)
    _end(session, and_(SignedInSession.person_id == person_id, others), reason=reason, actor_id=actor_id)


def end_expired_sessions(session: Session) -> None:
    """End the sessions whose time is over, so that their sockets hear of it."""
    over = and_(SignedInSession.expires_at <= clock.now(), SignedInSession.pause_seconds.is_(None))
    _end(session, over, reason="expired", actor_id=None)


def end_paused_sessions(session: Session) -> None:
    """End those on shared devices whose pause is over, soon: somebody else may stand before the screen."""
    over = and_(SignedInSession.expires_at <= clock.now(), SignedInSession.pause_seconds.is_not(None))
    _end(session, over, reason="paused", actor_id=None)


def forget_old_refresh_tokens(session: Session) -> int:
    """Delete the links of sessions that ended a month ago."""
    before = clock.now() - timedelta(days=30)
    old = select(SignedInSession.id).where(SignedInSession.ended_at < before)
    result = session.execute(delete(RefreshToken).where(RefreshToken.session_id.in_(old)))
    return cast("CursorResult[Any]", result).rowcount


def _end(session: Session, which: Any, *, reason: str, actor_id: UUID | None) -> None:
    ended = session.execute(
        update(SignedInSession)
        .where(which, SignedInSession.ended_at.is_(None))
        .values(ended_at=clock.now(), end_reason=reason)
        .returning(
            SignedInSession.id,
            SignedInSession.organisation_id,
            SignedInSession.person_id,
            SignedInSession.ended_at,
        )
    ).all()
    for row in ended:
        payload = {"session_id": str(row.id), "reason": reason, "ended_at": clock.wire(row.ended_at)}
        event = Event(
            SESSION_ENDED,
            subject_id=row.id,
            payload=payload,
            person_id=row.person_id,
            actor_id=actor_id,
        )
        append(session, row.organisation_id, event)
