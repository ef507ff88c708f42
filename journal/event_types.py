"""What is declared of a type of event. The declarations themselves are in `journal/catalogue.py`.

A payload is written in the shape of its type's present version, and the row keeps that version for good. Who reads
always gets the present shape: `EventType.lifted` brings older payloads there, one step a version.

Erasing empties a payload and leaves the event: its position, its type, whom it reached, who did what to which subject
and when. Whatever else must survive is named in `survives`. The chain covers these members together with the event
itself, and only the rest by the salted digest that erasing makes worthless (`journal/chain.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from journal.early import Early, Payload

__all__ = ["About", "EventType", "Payload", "Reach", "Reader"]
Lift = Callable[[Payload], Payload]


class Reach(Enum):
    """To whom events of a type are addressed.

    What was said reaches those who could read the post that it belongs to, which is the event's subject; what is so of
    a scope reaches whoever follows it now.
    """

    SAID = "what was said in a scope"  # history: who reads from their entry on gets what was said after it
    SO = "what is so of a scope"  # its name, its charter, that it is too full: for everybody who is in it now
    PERSON = "one person"
    NOBODY = "nobody"  # it is in the chain, and told to no phone


class Reader(Enum):
    """Who acts on events, beyond handing each to whom it reaches (live, sync)."""

    ROOMS = "live/hub.py"
    SOCKETS = "live/server.py"
    ONLINE = "live/watching.py"
    PLACES = "geo/lookup/indexes.py"
    PUSH = "push/plans/planner.py"


@dataclass(frozen=True)
class About:
    """Which member of a payload names the place (or its scope) by whose rules the event is emptied in time.

    With `source`, only what came about by it: who is assigned to a place is kept, who was there is not.
    """

    member: str
    source: str | None = None

    def of(self, payload: Payload) -> UUID | None:
        """The id in this payload; None: the event is kept."""
        named = payload.get(self.member)
        if named is None or (self.source is not None and payload.get("source") != self.source):
            return None
        return UUID(named)


@dataclass(frozen=True, eq=False)
class EventType:
    """One type of event.

    `payload` is the name of its schema in `schemas/events.py`, `to` says in words whom it reaches. `lifts[n]` makes a
    payload of version n one of n + 1. `personal` are the members that tell of a person who it was, where, when or
    in which words; `survives` those that erasing leaves, each with the version from which on it does. `early` knows
    payloads that were written before shapes had versions.

    `begins`: it is the first that is told of its subject, whose position the journal keeps. `names` is the member that
    lists the persons whom the subject names; where each was named first is kept, too (`journal/order.py`).
    """

    name: str
    payload: str
    reach: Reach
    to: str
    readers: frozenset[Reader]
    personal: frozenset[str]
    version: int = 1
    lifts: Mapping[int, Lift] = field(default_factory=dict[int, Lift])
    about: About | None = None
    survives: Mapping[str, int] = field(default_factory=dict[str, int])
    begins: bool = False
    names: str | None = None
    early: Early | None = None

    def __post_init__(self) -> None:
        if set(self.lifts) != set(range(1, self.version)):
            raise ValueError(f"{self.name}: each version before {self.version} needs its lift")
        if self.personal & self.survives.keys():
            raise ValueError(f"{self.name}: what is personal does not survive erasing")

    def is_present(self, payload: Payload, version: int) -> bool:
        """Whether a payload needs no lift. A newer one, by a newer release, is left as it is."""
        return version >= self.version and not self._is_early(payload, version)

    def lifted(self, payload: Payload, version: int, about_id: UUID | None = None) -> Payload:
        """A payload of some version in the present shape."""
        if self.early is not None and self._is_early(payload, version):
            payload = self.early.complete(payload, about_id)
        for step in range(version, self.version):
            payload = self.lifts[step](payload)
        return payload

    def _is_early(self, payload: Payload, version: int) -> bool:
        return version == 1 and self.early is not None and self.early.is_early(payload)

    def surviving(self, payload: Payload, version: int) -> Payload:
        """What erasing leaves of a payload."""
        if not self.survives:
            return {}
        kept = (name for name, since in self.survives.items() if since <= version and name in payload)
        return {name: payload[name] for name in kept}

    def is_erased(self, payload: Payload | None) -> bool:
        """Whether nothing but what erasing leaves is there."""
        return payload is None or (bool(self.survives) and payload.keys() <= self.survives.keys())
