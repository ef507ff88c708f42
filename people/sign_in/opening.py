"""The one way into a session: whoever has proved who they are, by whatever factors, comes through here."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from people.audit.whose import concerns
from people.sign_in.sessions import start_session
from people.sign_in.tokens import TokenMaker, Tokens
from people.sign_in.ways import Way


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

    The caller has checked the proofs that `way` names.
    """
    tokens, device_id = start_session(session, maker, session_ttl, organisation_id, person_id, device, way)
    concerns(organisation_id, person_id, device_id, tokens.session_id)
    return tokens, device_id
