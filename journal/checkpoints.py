"""Where the hash chain begins after old months were dropped: signed, so that nobody can cut the past off unnoticed.

A checkpoint says of one organisation: up to this position so many events were dropped, and the last had this hash. It
is signed with a key that is derived from the installation's secret and is not in the database. Who can write there and
nothing else can take a checkpoint away or change one, and both are found; to make one up takes the key.

Checkpoints stay for ever and the secret does not: what the former key has signed is signed anew while both are known.
"""

import hmac
from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from base.keys import named
from journal.models import JournalCheckpoint

_PURPOSE = b"journal checkpoint"


class Seal:
    """Signs checkpoints with the installation's secret, and knows those that it or the former one has signed."""

    def __init__(self, secret: str, former: str | None = None) -> None:
        self._keys = named(secret, former, _PURPOSE)
        self._signs_with = next(iter(self._keys))

    def sign(self, checkpoint: JournalCheckpoint) -> None:
        """Sign what the checkpoint says."""
        checkpoint.key = self._signs_with
        checkpoint.signature = _signature(self._keys[self._signs_with], checkpoint)

    def is_known(self, checkpoint: JournalCheckpoint) -> bool:
        """Whether it names a key of ours."""
        return checkpoint.key in self._keys

    def is_good(self, checkpoint: JournalCheckpoint) -> bool:
        """Whether it is as we have signed it."""
        key = self._keys.get(checkpoint.key)
        return key is not None and hmac.compare_digest(_signature(key, checkpoint), checkpoint.signature)

    def is_to_be_signed_anew(self, checkpoint: JournalCheckpoint) -> bool:
        """Whether the former key signed it. One that was tampered with stays as it is."""
        return checkpoint.key != self._signs_with and self.is_good(checkpoint)


def checkpoints(session: Session, organisation_id: UUID) -> Sequence[JournalCheckpoint]:
    """An organisation's checkpoints, the first one first."""
    mine = select(JournalCheckpoint).where(JournalCheckpoint.organisation_id == organisation_id)
    return session.scalars(mine.order_by(JournalCheckpoint.position)).all()


def fault_of(found: Sequence[JournalCheckpoint], seal: Seal | None) -> str | None:
    """What is wrong with an organisation's checkpoints; None where all is well."""
    reached = 0
    for checkpoint in found:
        if seal is None or not seal.is_known(checkpoint):
            return f"the checkpoint at position {checkpoint.position} is signed with a key that is not known here"
        if not seal.is_good(checkpoint):
            return f"the checkpoint at position {checkpoint.position} was changed or made up"
        if checkpoint.position - checkpoint.events != reached:
            return f"the checkpoint before the one at position {checkpoint.position} is missing"
        reached = checkpoint.position
    return None


def sign_anew(session: Session, seal: Seal) -> int:
    """Sign what the former key has signed with the present one; returns how many. For the worker's role."""
    former = [each for each in session.scalars(select(JournalCheckpoint)) if seal.is_to_be_signed_anew(each)]
    for checkpoint in former:
        seal.sign(checkpoint)
    session.flush()
    return len(former)


def _signature(key: bytes, checkpoint: JournalCheckpoint) -> bytes:
    said = [
        checkpoint.organisation_id,
        checkpoint.position,
        checkpoint.hash.hex(),
        checkpoint.events,
        clock.wire(checkpoint.dropped_before),
        clock.wire(checkpoint.made_at),
        checkpoint.key,
    ]
    return hmac.digest(key, orjson.dumps(said), "sha256")
