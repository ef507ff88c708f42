"""The life of push addresses: what FCM says of one decides whether it is kept.

Unregistered: the app is gone, and so is the address. Sender mismatch: it was never ours, which somebody should look at.
An invalid argument may be our own payload; the address goes only where FCM refuses it by itself, with nothing in it.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Update, text, update
from sqlalchemy.orm import Session

from base import clock
from base.database import table_of
from base.rows import GivenRows, rows_written
from people.models import Device

FORGET_AFTER = timedelta(days=270)
BATCH = 1_000
_FORGET_SILENT = text(
    """
    UPDATE devices SET push_address = NULL, push_address_kind = NULL, push_address_at = NULL
    WHERE id IN (
        SELECT id FROM devices WHERE push_address IS NOT NULL AND last_seen_at < :before
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    """
)


class Address(NamedTuple):
    """Where push reaches a device."""

    device_id: UUID
    address: str


_GONE = GivenRows("gone", Address)


def forget_addresses(session: Session, gone: Sequence[Address]) -> None:
    """Remove addresses, in the order of their devices, so that no two writers cross."""
    if gone:
        session.execute(_forgotten(), _GONE.values(sorted(gone)))


@cache
def _forgotten() -> Update:
    """Unless the app has registered another one meanwhile."""
    device = table_of(Device)
    return (
        update(device)
        .values(push_address=None, push_address_kind=None, push_address_at=None)
        .where(device.c.id == _GONE.c.device_id, device.c.push_address == _GONE.c.address)
    )


def forget_silent_addresses(session: Session) -> int:
    """Remove a batch of the addresses of devices that were silent for `FORGET_AFTER`; returns how many."""
    values = {"before": clock.now() - FORGET_AFTER, "most": BATCH}
    return rows_written(session, _FORGET_SILENT, values)
