"""Outlines and files that are dear to draw, to send and to read."""

import json
import math
from functools import partial
from typing import Any

from bench.attack.case import Case
from bench.attack.client import at_once
from bench.attack.stage import Kind, Stage
from tests.world import feature

CORNERS, ZONES = 29_000, 20
_SIZE = 0.0008


def detailed_zones(stage: Stage) -> list[str]:
    """20 zones of 29,000 corners, which a member's phone and the editor ask for."""
    administrator = stage.administrator()
    found = []
    for number in range(ZONES):
        body = feature(_ragged(number), name=f"Ragged {number}", admission="open")
        answer = administrator.ask("POST", f"/v1/admin/sites/{stage.site}/zones", body)
        if answer.status != 201:
            found.append(f"a zone of {CORNERS} corners: {answer.status} {answer.code}")
    tokens = stage.tokens(4)
    paths = [
        "/v1/me/regions?boundaries=true&lon=127&lat=37.5",
        f"/v1/sites/{stage.site}/bundle",
        f"/v1/admin/sites/{stage.site}/zones",
        f"/v1/admin/sites/{stage.site}",
    ]
    acts = [
        partial(stage.client(token).ask, "GET", path)
        for _ in range(3)
        for token in tokens
        for path in paths[:2]
    ]
    acts += [partial(stage.administrator().ask, "GET", path) for path in paths[2:] for _ in range(6)]
    answers = at_once(acts, 6)
    largest = max(len(answer.body) for answer in answers)
    return found + ([f"an answer of {largest} bytes"] if largest > 4 * 1024 * 1024 else [])


def large_files(stage: Stage) -> list[str]:
    """A collection of 11.7 MB, twice at the same time, and JSON that only looks like one."""
    features = [feature(_ragged(n), name=f"Imported {n}", kind="zone", site_id=stage.site) for n in range(10)]
    collection = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    empty = b'{"type":"FeatureCollection","features":[' + b",".join([b"{}"] * 4_000_000) + b"]}"
    acts = [
        partial(stage.administrator().ask, "POST", path, body)
        for path in ("/v1/admin/places/import", "/v1/admin/places/import/stream")
        for body in (collection, empty, collection, empty)
    ]
    at_once(acts, 4)
    return []


def stars(stage: Stage) -> list[str]:
    """Needles side by side, holes in holes, and combs: shapes that are dear to judge."""
    administrator = stage.administrator()
    shapes = (_star(29_000), _comb(29_000), _holes(900), _star(2_000))
    for shape in shapes:
        body = feature(shape, name="Malicious")
        administrator.ask("POST", "/v1/admin/sites", body)
        administrator.ask("POST", f"/v1/admin/sites/{stage.site}/drafts", body)
    return []


def _ragged(number: int) -> dict[str, Any]:
    """A circle whose edge goes in and out, at a place of its own."""
    lon, lat = 127 + number * 0.0001, 37.5
    ring = []
    for corner in range(CORNERS):
        turn, radius = corner / CORNERS * math.tau, _SIZE * (0.5 + 0.01 * (corner % 2))
        ring.append([lon + radius * math.cos(turn), lat + radius * math.sin(turn)])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _star(points: int) -> dict[str, Any]:
    ring = []
    for corner in range(points):
        turn, radius = corner / points * math.tau, _SIZE * (1 if corner % 2 else 1e-4)
        ring.append([127 + radius * math.cos(turn), 37.5 + radius * math.sin(turn)])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _comb(teeth: int) -> dict[str, Any]:
    step = _SIZE / teeth
    ring = [[127 + n * step, 37.5 + (0.01 if n % 2 else 0.0)] for n in range(teeth)]
    return {"type": "Polygon", "coordinates": [[*ring, [127 + _SIZE, 37.49], [127, 37.49], ring[0]]]}


def _holes(count: int) -> dict[str, Any]:
    def square(lon: float, lat: float, half: float) -> list[list[float]]:
        return [[lon + x * half, lat + y * half] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]

    side = math.isqrt(count)
    step = _SIZE / side
    inner = [square(127 + (n % side) * step, 37.5 + n // side * step, step / 3) for n in range(count)]
    return {"type": "Polygon", "coordinates": [square(127 + _SIZE / 2, 37.5 + _SIZE / 2, _SIZE), *inner]}


CASES = (
    Case("outlines.detailed_zones", detailed_zones, 128, on=Kind.UNPACED),
    Case("outlines.large_files", large_files, 128, on=Kind.UNPACED),
    Case("outlines.stars", stars, 128, on=Kind.UNPACED),
)
