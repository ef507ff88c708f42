"""The times that phones give: corrected by the phone's own clock, bounded, put in order.

A phone says when it sent a batch (`sent_at`); the difference to its arrival is how wrong its clock is. Nothing is
moved silently beyond that: what is older than a day or from the future is refused.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from base.errors import Faulty
from geo.presence.late import BELIEVED_FOR, CLOCKS_DIFFER

TOO_OLD = BELIEVED_FOR
FUTURE = timedelta(seconds=60)
# A phone's clock that is off by less than this is taken at its word: the network's delay is no clock error.
TOLERANCE = CLOCKS_DIFFER


def corrected(
    items: Sequence[dict[str, Any] | Faulty],
    sent_at: datetime | None,
    received: datetime,
    *,
    what: str = "fix",
) -> tuple[list[tuple[int, datetime, dict[str, Any]]], list[tuple[int, str]]]:
    """The items that count as (index, time, item), oldest first, and the others as (index, code of refusal)."""
    correction = _correction(sent_at, received)
    taken: list[tuple[int, datetime, dict[str, Any]]] = []
    refused: list[tuple[int, str]] = []
    for index, item in enumerate(items):
        if isinstance(item, Faulty):
            refused.append((index, f"{what}_invalid"))
            continue
        at = _shifted(item["at"], correction)
        if at is None or received - at > TOO_OLD:
            refused.append((index, f"{what}_too_old"))
        elif at - received > FUTURE:
            refused.append((index, f"{what}_in_future"))
        else:
            taken.append((index, at, item))
    return sorted(taken, key=lambda entry: entry[1]), refused


def detail_of(item: dict[str, Any] | Faulty) -> str | None:
    """What is wrong with an item that could not be read."""
    return item.detail if isinstance(item, Faulty) else None


def _correction(sent_at: datetime | None, received: datetime) -> timedelta:
    if sent_at is None or abs(received - sent_at) <= TOLERANCE:
        return timedelta(0)
    return received - sent_at


def _shifted(at: datetime, correction: timedelta) -> datetime | None:
    try:
        return at + correction
    except OverflowError:
        return None
