"""Sockets as the hub knows them, and the rooms they are in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from journal.order import BEGINNING
from live.engine.packets import Outgoing


class Hearing(Protocol):
    """What can be written to."""

    def send_all(self, outgoing: Outgoing) -> None:
        """Send packets."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Subscriber:
    """One connected socket. It hears what comes after `position`, while its token lasts (unix seconds)."""

    sid: str
    socket: Hearing
    person_id: UUID
    session_id: UUID
    organisation_id: UUID
    position: int
    expires_at: float
    rooms: set["Room"] = field(default_factory=set)

    @property
    def key(self) -> tuple[UUID, UUID]:
        """The person, as people/online/online.py knows them."""
        return self.organisation_id, self.person_id


class Room:
    """Who hears a scope or a person, and of subjects that were told of after which position.

    A broadcast asks far more often than somebody comes or goes, so the answer is kept; that it is the same object
    also tells the fan-out that two events go to the same sockets.
    """

    __slots__ = ("_bounded", "_members", "_unbounded", "key")

    def __init__(self, key: UUID) -> None:
        self.key = key
        self._members: dict[Subscriber, int] = {}
        self._unbounded: tuple[Subscriber, ...] | None = None
        self._bounded: tuple[tuple[Subscriber, int], ...] = ()

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, subscriber: Subscriber) -> bool:
        return subscriber in self._members

    @property
    def subscribers(self) -> list[Subscriber]:
        """All who are in it."""
        return list(self._members)

    def join(self, subscriber: Subscriber, since: int = BEGINNING) -> None:
        """Let a socket in; it hears of what was told of first after `since`."""
        self._members[subscriber] = since
        self._unbounded = None
        subscriber.rooms.add(self)

    def leave(self, subscriber: Subscriber) -> None:
        """Put a socket out."""
        if self._members.pop(subscriber, None) is not None:
            self._unbounded = None
            subscriber.rooms.discard(self)

    def hearers(self, position: int | None) -> Sequence[Subscriber]:
        """The sockets that may hear of a subject, by where it was told of first (None: nobody knows).

        The same object until somebody comes or goes, if none is bounded.
        """
        if self._unbounded is None:
            members = self._members.items()
            self._unbounded = tuple(subscriber for subscriber, since in members if since == BEGINNING)
            self._bounded = tuple((subscriber, since) for subscriber, since in members if since != BEGINNING)
        if not self._bounded:
            return self._unbounded
        return self._unbounded + tuple(
            subscriber for subscriber, since in self._bounded if position is not None and since < position
        )
