"""Places whose outlines have thousands of corners, as surveyors and map offices draw them."""

import math
import random
from typing import Any

from tests.world import Organisation, feature


def detailed(
    corners: int,
    at: tuple[float, float] = (127.0, 37.5),
    radius: float = 0.002,
    jag: float = 0.02,
    seed: int = 0,
) -> dict[str, Any]:
    """A jagged outline of some 400 m around a point, with all the digits that a program writes."""
    chance, (lon, lat) = random.Random(seed), at
    ring: list[list[float]] = []
    for corner in range(corners):
        angle, far = 2 * math.pi * corner / corners, radius * (1 + jag * chance.random())
        ring.append([lon + far * math.cos(angle), lat + far * math.sin(angle)])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    """As it is kept: to a centimetre."""
    rings = [[[round(x, 7), round(y, 7)] for x, y in ring] for ring in geometry["coordinates"]]
    return {"type": geometry["type"], "coordinates": rings}


def corners_of(geometry: dict[str, Any]) -> int:
    """How many corners GeoJSON of one part has, as they stand there."""
    return sum(map(len, geometry["coordinates"]))


def draws(org: Organisation, site: str, geometry: dict[str, Any], name: str = "Yard") -> str:
    """Draw an open zone; returns its id."""
    body = feature(geometry, name=name, admission="open")
    return org.admin.post(f"/v1/admin/sites/{site}/zones", body, 201)["id"]


def forgets_forms(org: Organisation) -> None:
    """Leave the organisation's boundaries as a release without forms wrote them."""
    with org.world.owner() as connection:
        connection.exec_driver_sql(
            "UPDATE boundary_versions SET whole = NULL, simple = NULL, simplified_m = NULL, corners = NULL,"
            " circle = NULL WHERE organisation_id = %s",
            (str(org.id),),
        )
