"""Payloads of before shapes had versions, brought into the shape that version 1 of their types has now.

Members came and went while every row counted as version 1 (`version` is a column since the migration 0011). Such a
payload is known by what it has and lacks. A change of a shape from then on is a new version, and has no place here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

Payload = dict[str, Any]
# What it needs beside the payload is the row's `about_id`.
Complete = Callable[[Payload, UUID | None], Payload]


@dataclass(frozen=True)
class Early:
    """A payload that has all of `has` and not all of `lacks` is early, and `complete` makes it whole."""

    has: frozenset[str]
    lacks: frozenset[str]
    complete: Complete

    def is_early(self, payload: Payload) -> bool:
        """Whether a payload of version 1 is from before its members were all there."""
        return not self.lacks <= payload.keys() and self.has <= payload.keys()


def lacking(*has: str, **added: Any) -> Early:
    """Early payloads that lack members, of which this holds."""
    return Early(frozenset(has), frozenset(added), lambda payload, _about: added | payload)


_WISHES: Payload = {"muted_until": None, "read_receipts": False}


def _started(payload: Payload, _about: UUID | None) -> Payload:
    return {**_WISHES, "fetch_from": f"/v1/scopes/{payload['scope_id']}/posts", **payload}


def _ended(payload: Payload, _about: UUID | None) -> Payload:
    return {**_WISHES, "delete_scope_id": payload["scope_id"], **payload}


STARTED = Early(frozenset({"id", "scope_id"}), frozenset({*_WISHES, "fetch_from"}), _started)
ENDED = Early(frozenset({"id", "scope_id"}), frozenset({*_WISHES, "delete_scope_id"}), _ended)


def _roll_call(payload: Payload, about_id: UUID | None) -> Payload:
    """It did not name its place, and had the point that somebody named, which is read from the board alone."""
    if about_id is None:
        raise ValueError("the place is not known")
    entry = payload["entry"]
    told = entry and {name: value for name, value in entry.items() if name != "point"}
    return {**payload, "place_id": str(about_id), "entry": told}


MUSTER_UPDATE = Early(frozenset({"muster_id", "entry"}), frozenset({"place_id"}), _roll_call)


class _Naming(Early):
    """Early by what it has: who was silent, which is fetched, so that it is not kept by who is no manager any more."""

    def is_early(self, payload: Payload) -> bool:
        return self.has <= payload.keys()


UNANSWERED = _Naming(
    frozenset({"silent"}),
    frozenset(),
    lambda payload, _about: {name: value for name, value in payload.items() if name != "silent"},
)
