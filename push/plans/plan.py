"""A plan: how events of one type become deliveries. Neighbours that belong together are planned at once."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from base.database import AnyRow

Act = Callable[[Session, Sequence[AnyRow]], int]


def _by_itself(event: AnyRow) -> Hashable:
    return event.event_id


def _at_once(_session: Session, events: Sequence[AnyRow]) -> Iterable[Sequence[AnyRow]]:
    return [events]


@dataclass(frozen=True)
class Plan:
    """`act` queues what neighbours call for and returns on how many phones.

    Neighbours of one organisation belong together while `together` gives the same for each; `portions` cuts them into
    as many as one transaction should take.
    """

    act: Act
    together: Callable[[AnyRow], Any] = _by_itself
    portions: Callable[[Session, Sequence[AnyRow]], Iterable[Sequence[AnyRow]]] = _at_once


def each(act: Callable[[Session, AnyRow], int]) -> Plan:
    """The plan for events that are planned one by one."""
    return Plan(lambda session, events: sum(act(session, event) for event in events))
