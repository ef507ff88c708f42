"""What the geofence engine remembers of a device: a few numbers for each place that it is in or near.

The state is stored with what was decided, as JSON. States of earlier versions, which knew less, are read too.
"""

from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any
from uuid import UUID

from geo.engine.fences import Fix


@dataclass(frozen=True)
class Stay:
    """That the device is in a place. Times in unix seconds.

    `far_since` is the first of the fixes that speak for its having left, while they are not yet believed, and
    `outside_since` the first of those that lie outside beyond their own accuracy. `elsewhere_since` is when it was
    first seen in another place instead of this one, and `elsewhere` by how many fixes that outweighs those inside.
    `floor_at` is when a fix last named a floor of the place. `returns` counts how often in a row it came back soon
    after leaving. `assumed` is a stay that no fix began: something else said that the device is there. `inside_at` is
    the last fix inside, and `far_again` that another position has confirmed the one of `far_since`.
    """

    since: float
    far_since: float | None = None
    elsewhere_since: float | None = None
    elsewhere: int = 0
    doubtful: bool = False
    outside_since: float | None = None
    floor_at: float | None = None
    returns: int = 0
    assumed: bool = False
    inside_at: float | None = None
    far_again: bool = False


@dataclass(frozen=True)
class Left:
    """That the device left a place, after coming back so many times in a row."""

    at: float
    returns: int = 0


@dataclass(frozen=True)
class Near:
    """That the device may be arriving: at the place since, inside since; by fixes of one and the same credit."""

    since: float
    inside_since: float | None = None
    doubtful: bool = False


@dataclass(frozen=True)
class State:
    """What is remembered of a device.

    `last` is the last fix taken, `held` one that is held back for an impossible jump, and `jumped_at` when such a
    jump was last believed after all. `usual` is the accuracy that the device usually gives, in metres: a running
    median over fixes up to `heard_at`. `left` are the places that it left a short while ago, and `sound_at` is when a
    fix was last beyond doubt.
    """

    last: Fix | None = None
    held: Fix | None = None
    stays: Mapping[UUID, Stay] = field(default_factory=dict)
    near: Mapping[UUID, Near] = field(default_factory=dict)
    jumped_at: float | None = None
    usual: float | None = None
    heard_at: float | None = None
    left: Mapping[UUID, Left] = field(default_factory=dict)
    sound_at: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The form in which it is stored."""
        return {
            "last": _fix_json(self.last),
            "held": _fix_json(self.held),
            "stays": {str(place): list(astuple(stay)) for place, stay in self.stays.items()},
            "near": {str(place): list(astuple(near)) for place, near in self.near.items()},
            "left": {str(place): list(astuple(left)) for place, left in self.left.items()},
            "jumped_at": self.jumped_at,
            "usual": self.usual,
            "heard_at": self.heard_at,
            "sound_at": self.sound_at,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "State":
        """What `to_json` stored, or an earlier version of it; an empty mapping is a device not seen before."""
        return cls(
            _fix_from(stored.get("last")),
            _fix_from(stored.get("held")),
            {UUID(place): Stay(*stay) for place, stay in stored.get("stays", {}).items()},
            {UUID(place): Near(*near) for place, near in stored.get("near", {}).items()},
            stored.get("jumped_at"),
            stored.get("usual"),
            stored.get("heard_at"),
            {UUID(place): Left(*left) for place, left in stored.get("left", {}).items()},
            stored.get("sound_at"),
        )


def forget(state: State, place_ids: Collection[UUID]) -> State:
    """The state without its stays in these places, whose visits something else has ended.

    A fix from inside begins a new stay.
    """
    gone = set(place_ids)
    return replace(
        state,
        stays={place: stay for place, stay in state.stays.items() if place not in gone},
        near={place: near for place, near in state.near.items() if place not in gone},
    )


def assume(state: State, place_id: UUID, at: float) -> State:
    """The state after something else than a fix said that the device is in the place; fixes will say when it leaves."""
    known = state.stays.get(place_id)
    if known is not None and not known.doubtful:
        return state
    return replace(state, stays={**state.stays, place_id: Stay(at, assumed=True)})


def silent_since(state: State) -> float | None:
    """When the last fix that counted was taken, in unix seconds; None when there was none."""
    return None if state.last is None else state.last.at


def _fix_json(fix: Fix | None) -> list[Any] | None:
    return None if fix is None else list(astuple(fix))


def _fix_from(stored: list[Any] | None) -> Fix | None:
    return None if stored is None else Fix(*stored)
