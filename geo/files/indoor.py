"""An indoor map as one site with floors: `python -m geo.files.indoor main.json > building.geojson`, then import that.

Reads the indoor maps of WRLD (`main.json` lists the levels, each with a GeoJSON file of its own). The building's
outlines become the site; each level becomes a zone of one floor, and so does each room, stair and lift of it. Walls,
windows and doors are no places. The same footprint recurs on every floor: only a fix, a beacon or a code that names
the floor tells them apart.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from shapely import make_valid, unary_union
from shapely.geometry import mapping, shape

PLACES = ("room", "bathroom", "stairs", "elevator", "desk", "meeting_room", "open_space")
OUTLINE = "building_outline"


def building(plan: dict[str, Any], read: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A FeatureCollection of one site and its zones, from a plan and a way to read its levels' files.

    Raises `KeyError` or `ValueError` for a plan without levels or outlines.
    """
    levels = [(level, read(level["filename"])) for level in plan["levels"]]
    outlines = [shape(f["geometry"]) for _, drawn in levels for f in _of_type(drawn, OUTLINE)]
    if not outlines:
        raise ValueError("no level has a building outline")
    floors = [level["z_order"] for level, _ in levels]
    site = {"kind": "site", "external_id": plan["id"], "name": plan["name"]}
    site |= {"floor_low": min(floors), "floor_high": max(floors)}
    features = [_feature(mapping(unary_union([make_valid(outline) for outline in outlines])), site)]
    for level, drawn in levels:
        features += _zones(plan["id"], level, drawn)
    return {"type": "FeatureCollection", "features": features}


def _zones(building_id: str, level: dict[str, Any], drawn: dict[str, Any]) -> Iterator[dict[str, Any]]:
    floor = {"floor_low": level["z_order"], "floor_high": level["z_order"]}
    common = {"kind": "zone", "site_external_id": building_id, **floor}
    for outline in _of_type(drawn, OUTLINE):
        named = {"external_id": level["id"], "name": level["readable_name"]}
        yield _feature(outline["geometry"], common | named)
    for number, room in enumerate(_of_type(drawn, *PLACES)):
        said = room["properties"]
        name = said.get("name") or f"{said['type']} {said.get('roomnumber') or number + 1}"
        external = f"{level['id']}/{said.get('id', number)}/{number}"
        yield _feature(
            room["geometry"], common | {"external_id": external, "name": f"{level['name']}: {name}"}
        )


def _of_type(drawn: dict[str, Any], *types: str) -> list[dict[str, Any]]:
    return [feature for feature in drawn["features"] if feature["properties"].get("type") in types]


def _feature(geometry: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": json.loads(json.dumps(geometry)), "properties": properties}


def main() -> None:
    """A plan's path to a collection on standard output."""
    path = Path(sys.argv[1])

    def read(name: str) -> dict[str, Any]:
        return json.loads((path.parent / Path(name).name).read_text())

    json.dump(building(json.loads(path.read_text()), read), sys.stdout)


if __name__ == "__main__":
    main()
