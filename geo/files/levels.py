"""The floors that an imported feature is on: as `floor_low` and `floor_high`, or as OpenStreetMap's `level`.

A level is a floor (`0`, `-1`), several (`-1;0`), or a range (`0-3`); the ground floor is 0, as here. What is between
floors (`1.5`) or has a name is no floor that a phone could tell, and is only noted.
"""

import re
from typing import Any

from base.errors import Invalid

LOWEST, HIGHEST = -99, 999
_KEYS = ("floor_low", "floor_high")
_PART = re.compile(r"\s*(-?\d{1,3})(?:\.0+)?(?:\s*-\s*(-?\d{1,3}))?\s*")


def floors_of(properties: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The floors that are given, by their keys, and notes; raises `Invalid` for floors that are none.

    A feature that says nothing of floors leaves them as they are. Floors of our own count before a level.
    """
    given = {key: properties[key] for key in _KEYS if properties.get(key) is not None}
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or not LOWEST <= value <= HIGHEST:
            raise Invalid.at(f"/properties/{key}", f"A whole number from {LOWEST} to {HIGHEST}.")
    level = properties.get("level")
    if given or level is None or level == "":
        return given, []
    floors = _floors(str(level)) if not isinstance(level, bool) else []
    if not floors:
        return {}, ["level_unreadable"]
    return {"floor_low": min(floors), "floor_high": max(floors)}, []


def _floors(level: str) -> list[int]:
    """All floors that a level names; none where a part of it names none."""
    floors: list[int] = []
    for part in level.split(";"):
        found = _PART.fullmatch(part)
        if found is None:
            return []
        floors += [int(floor) for floor in found.groups() if floor is not None]
    return floors if all(LOWEST <= floor <= HIGHEST for floor in floors) else []
