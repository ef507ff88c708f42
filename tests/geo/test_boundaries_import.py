"""Imports of many places: streaming, in chunks, repeated, cut off."""

import time
from typing import Any

import orjson
import pytest

from tests.world import Phone, World, feature, square


def collection(zones: int, sites: int = 2) -> dict[str, Any]:
    """Sites in a row, and zones spread over them; zones first, so that their order is put right."""
    features = [
        feature(
            square(127 + (i % sites) + (i // sites % 100) * 1e-4, 37.5, 1e-5),
            kind="zone",
            name=f"Zone {i}",
            external_id=f"z{i}",
            site_external_id=f"s{i % sites}",
        )
        for i in range(zones)
    ]
    features += [
        feature(square(127 + i, 37.5, 0.02), name=f"Site {i}", external_id=f"s{i}") for i in range(sites)
    ]
    return {"type": "FeatureCollection", "features": features}


def lines(phone: Phone, body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    answer = phone.request("POST", "/v1/admin/places/import/stream", body)
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson")
    return [next(iter(orjson.loads(line).items())) for line in answer.get_data().splitlines()]


def test_ten_thousand(world: World) -> None:
    admin = world.organisation().admin
    for _ in range(2):
        t = time.time()
        got = lines(admin, collection(10_000, 20))
        print(time.time() - t, got[-1])
    t = time.time()
    admin.post("/v1/admin/places/import", collection(5_000, 20))
    print(time.time() - t)
