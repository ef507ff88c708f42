"""Play a recording against the geofence engine, as the server would see it.

    SITES=sites.geojson python -m geo.replay < fixes.csv > events.csv

Reads fixes in order of arrival (columns ts, received_ts, lon, lat, accuracy_m, speed_mps, floor) and writes
`at,decided_at,site,event` in unix seconds. Fixes from before a day ago or from the future are refused, as by the API.
"""

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from shapely import MultiPolygon, Polygon, make_valid, unary_union
from shapely.geometry import shape

from geo.engine.transitions import Fence, Fix, State, transitions

_OLDEST_S, _FUTURE_S = 86_400.0, 60.0


def read_sites(path: str) -> dict[UUID, tuple[str, Fence]]:
    """The sites of a file with a FeatureCollection."""
    return sites_of(json.loads(Path(path).read_text())["features"])


def sites_of(features: list[dict[str, Any]]) -> dict[UUID, tuple[str, Fence]]:
    """The name and fence of each site; features of one name are one site. What is not valid is made so."""
    by_name: dict[str, list[Any]] = {}
    for feature in features:
        by_name.setdefault(feature["properties"]["name"], []).append(make_valid(shape(feature["geometry"])))
    sites: dict[UUID, tuple[str, Fence]] = {}
    for number, (name, shapes) in enumerate(sorted(by_name.items())):
        united = unary_union(shapes)
        polygon = united if isinstance(united, MultiPolygon) else MultiPolygon([cast("Polygon", united)])
        sites[UUID(int=number)] = (name, Fence(polygon))
    return sites


def read_fix(row: dict[str, str]) -> tuple[Fix, float]:
    """A fix and when it was received."""
    at, received = float(row["ts"]), float(row["received_ts"] or row["ts"])
    accuracy, speed, floor = (_number(row.get(name)) for name in ("accuracy_m", "speed_mps", "floor"))
    lon, lat = float(row["lon"]), float(row["lat"])
    return Fix(at, lon, lat, accuracy, speed, None if floor is None else int(floor)), received


def main() -> None:
    """Standard input to standard output."""
    sites = read_sites(os.environ["SITES"])
    fences = {place_id: fence for place_id, (_, fence) in sites.items()}
    state = State()
    out = csv.writer(sys.stdout)
    out.writerow(["at", "decided_at", "site", "event"])
    for row in csv.DictReader(sys.stdin):
        fix, received = read_fix(row)
        if not -_FUTURE_S <= received - fix.at <= _OLDEST_S:
            continue
        present = set(state.stays)
        state, events = transitions(state, fix, fences)
        for event in events:
            if event.entered and event.place_id in present:
                continue  # a doubtful entering, confirmed
            name = sites[event.place_id][0]
            out.writerow([event.at, received, name, "enter" if event.entered else "leave"])


def _number(value: str | None) -> float | None:
    return float(value) if value else None


if __name__ == "__main__":
    main()
