"""How many visits region events alone would find, on recordings with ground truth, and how many fixes they save.

    python -m geo.region_replay sites.geojson run-folder…

Each recording is played three times: with all of its fixes; with nothing but the system's circles; and with circles
that switch fixes on while the phone is in one. The system is simulated plainly: it notices a crossing with the first
fix that is surely on the other side and has stayed there for `DWELL_S`, which is what Android and iOS do with their
cell towers and access points at best. Prints a JSON object a line; the last one sums up.
"""

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from geo.engine.circles import Circle, enclosing_circle
from geo.engine.transitions import Fence, Fix, State, transitions
from geo.replay import read_fix, sites_of

DWELL_S = 20.0
USABLE_M = 200.0
_GOOD_M = 100.0
_FEWEST = 200

Stretch = tuple[float, float]


class System:
    """The phone's operating system with its circles: which ones it is in, and when it noticed."""

    def __init__(self, circles: dict[UUID, Circle]) -> None:
        self._circles = circles
        self._pending: dict[UUID, float] = {}
        self.inside: dict[UUID, float] = {}
        self.visits: dict[UUID, list[Stretch]] = {place: [] for place in circles}

    def take(self, fix: Fix) -> None:
        """What the system sees of the phone's position."""
        if fix.uncertainty > USABLE_M:
            return
        for place, circle in self._circles.items():
            metres = circle.metres_to(fix.lon, fix.lat)
            now = metres <= 0 if place not in self.inside else metres <= fix.uncertainty
            if now == (place in self.inside):
                self._pending.pop(place, None)
            elif fix.at - self._pending.setdefault(place, fix.at) >= DWELL_S:
                self._cross(place, self._pending.pop(place))

    def close(self, at: float) -> None:
        """The recording ends."""
        for place, since in self.inside.items():
            self.visits[place].append((since, at))

    def _cross(self, place: UUID, at: float) -> None:
        if place in self.inside:
            self.visits[place].append((self.inside.pop(place), at))
        else:
            self.inside[place] = at


class Engine:
    """The geofence engine, fed with some or all of the fixes."""

    def __init__(self, fences: dict[UUID, Fence]) -> None:
        self._fences = fences
        self._state = State()
        self._open: dict[UUID, float] = {}
        self.fixes = 0
        self.visits: dict[UUID, list[Stretch]] = {place: [] for place in fences}

    def take(self, fix: Fix) -> None:
        """A fix that the phone sends."""
        self.fixes += 1
        self._state, events = transitions(self._state, fix, self._fences)
        for event in events:
            if event.entered:
                self._open.setdefault(event.place_id, event.at)
            elif event.place_id in self._open:
                self.visits[event.place_id].append((self._open.pop(event.place_id), event.at))

    def close(self, at: float) -> None:
        """The recording ends."""
        for place, since in self._open.items():
            self.visits[place].append((since, at))


def play(fences: dict[UUID, Fence], fixes: list[Fix]) -> dict[str, tuple[dict[UUID, list[Stretch]], int]]:
    """(visits by place, fixes taken) of the three ways, for fixes in order of arrival."""
    circles = {place: enclosing_circle(fence.polygon) for place, fence in fences.items()}
    system, everything, switched = System(circles), Engine(fences), Engine(fences)
    newest = 0.0
    for fix in fixes:
        everything.take(fix)
        if fix.at > newest:
            newest = fix.at
            system.take(fix)
        if system.inside:
            switched.take(fix)
    for way in (system, everything, switched):
        way.close(newest)
    return {
        "all_fixes": (everything.visits, everything.fixes),
        "regions_alone": (system.visits, 0),
        "regions_then_fixes": (switched.visits, switched.fixes),
    }


def read_truth(path: Path) -> list[tuple[str, float, float]]:
    """The person's own visits: place, and the first and last mark that was set there."""
    visits: list[tuple[str, float, float]] = []
    with path.open() as file:
        marks = [(row["person_is_at"], float(row["ts"])) for row in csv.DictReader(file)]
    for place, at in marks:
        if place and visits and visits[-1][0] == place:
            visits[-1] = (place, visits[-1][1], at)
        elif place:
            visits.append((place, at, at))
    return visits


def _recordings(folders: list[str]) -> Iterator[tuple[Path, Path]]:
    for folder in map(Path, folders):
        for path in sorted(folder.glob("*.fixes.csv.gz")):
            yield folder / "ground_truth.csv", path


def _score(
    found: dict[UUID, list[Stretch]], truth: list[tuple[str, float, float]], ids: dict[str, UUID]
) -> int:
    return sum(
        any(start <= until and end >= since for start, end in found[ids[place]])
        for place, since, until in truth
    )


def _observable(
    truth: list[tuple[str, float, float]], fixes: list[Fix], fences: dict[UUID, Fence], ids: dict[str, UUID]
) -> list[tuple[str, float, float]]:
    def seen(place: str, since: float, until: float) -> bool:
        return any(
            since <= fix.at <= until and fix.uncertainty <= _GOOD_M and fences[ids[place]].covers(fix)
            for fix in fixes
        )

    return [visit for visit in truth if visit[0] in ids and seen(*visit)]


def main() -> None:
    """Play all recordings and print what was found."""
    collection = json.loads(Path(sys.argv[1]).read_text())
    totals: dict[str, list[int]] = {}
    visits = 0
    for marks, path in _recordings(sys.argv[2:]):
        rows = list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
        if len(rows) < _FEWEST:
            continue
        pairs = [read_fix(row) for row in rows]
        fixes = [fix for fix, received in pairs if -60 <= received - fix.at <= 86_400]
        middle = sorted(fix.at for fix in fixes)[len(fixes) // 2]
        sites = sites_of([feature for feature in collection["features"] if _valid(feature, middle)])
        fences = {place: fence for place, (_, fence) in sites.items()}
        ids = {name: place for place, (name, _) in sites.items()}
        truth = _observable(read_truth(marks), fixes, fences, ids)
        visits += len(truth)
        for way, (found, taken) in play(fences, fixes).items():
            hits = _score(found, truth, ids)
            claimed = sum(map(len, found.values()))
            total = totals.setdefault(way, [0, 0, 0])
            totals[way] = [sum(pair) for pair in zip(total, (hits, claimed, taken), strict=True)]
            _print(way, len(truth), hits, claimed, taken, f"{path.parent.name}/{path.name.split('.')[0]}")
    for way, (hits, claimed, taken) in totals.items():
        _print(way, visits, hits, claimed, taken, "all", totals["all_fixes"][2])


def _valid(feature: dict[str, Any], at: float) -> bool:
    said = feature["properties"]
    return said.get("valid_start_ts", 0) <= at <= said.get("valid_end_ts", 9e9)


def _print(
    way: str, visits: int, hits: int, claimed: int, fixes: int, recording: str, of: int | None = None
) -> None:
    """`claimed` is how many visits were reported: what is beyond those found was a passing by, or nothing."""
    line: dict[str, Any] = {"recording": recording, "way": way, "visits": visits, "found": hits}
    line |= {"claimed": claimed, "fixes": fixes}
    if of:
        line["share_of_fixes"] = round(fixes / of, 3)
    print(json.dumps(line))


if __name__ == "__main__":
    main()
