"""The life of push addresses: what FCM says of one decides whether it is kept.

Unregistered: the app is gone, and so is the address. Sender mismatch: it was never ours, which somebody should look at.
An invalid argument may be our own payload; the address goes only where FCM refuses it by itself, with nothing in it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, CursorResult, Text, Uuid, bindparam, text
from sqlalchemy.orm import Session

from base import clock

FORGET_AFTER = timedelta(days=270)
BATCH = 1_000
# Unless the app has registered another one meanwhile.
_FORGET = text(
    """
    UPDATE devices SET push_address = NULL, push_address_kind = NULL, push_address_at = NULL
    FROM unnest(:ids, :addresses) AS gone(id, address)
    WHERE devices.id = gone.id AND devices.push_address = gone.address
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("addresses", type_=ARRAY(Text)))
_FORGET_SILENT = text(
    """
    UPDATE devices SET push_address = NULL, push_address_kind = NULL, push_address_at = NULL
    WHERE id IN (
        SELECT id FROM devices WHERE push_address IS NOT NULL AND last_seen_at < :before
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    """
)


def forget_addresses(session: Session, gone: Sequence[tuple[UUID, str]]) -> None:
    """Remove addresses, each given with its device."""
    if gone:
        ordered = sorted(gone)
        values = {"ids": [device for device, _ in ordered], "addresses": [address for _, address in ordered]}
        session.execute(_FORGET, values)


def forget_silent_addresses(session: Session) -> int:
    """Remove a batch of the addresses of devices that were silent for `FORGET_AFTER`; returns how many."""
    result = session.execute(_FORGET_SILENT, {"before": clock.now() - FORGET_AFTER, "most": BATCH})
    return cast("CursorResult[Any]", result).rowcount
