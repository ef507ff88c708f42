"""Real places, broken GeoJSON and phone recordings beside the project; skipped where they are missing."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from geo.shapes.boundaries import BoundaryRefused, parse_boundary, parse_collection
from tests.product import ROOT
from tests.stories.recordings import DATA, SHARED

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data is not at {DATA}"),
]


def test_every_file_gets_an_answer_and_never_a_fault() -> None:
    answers: Counter[str] = Counter()
    for folder in ("geojson-edge", "sites"):
        for path in sorted((DATA / folder).rglob("*json")):
            try:
                answers.update(judged(json.loads(path.read_text())))
            except json.JSONDecodeError:
                answers["not_json"] += 1
    assert answers["accepted"] > 1_500
    assert answers["boundary_self_crossing"] >= 5
    assert answers["boundary_projected"] >= 1


def judged(geojson: object) -> list[str]:
    try:
        if isinstance(geojson, dict) and geojson.get("type") == "FeatureCollection":
            boundaries = [boundary for _, _, boundary in parse_collection(geojson)]
        else:
            boundaries = [parse_boundary(geojson)]
    except BoundaryRefused as refusal:
        return [refusal.code]
    return [b.code if isinstance(b, BoundaryRefused) else "accepted" for b in boundaries]


def test_people_on_the_recordings_are_where_they_said_they_were() -> None:
    runs = [str(path) for path in sorted((DATA / "traces" / "mobilitynet").iterdir())]
    command = [
        sys.executable,
        str(SHARED / "tools" / "score_geofence.py"),
        str(DATA / "sites" / "mobilitynet" / "sites.geojson"),
        *runs,
        "--engine",
        f"{sys.executable} -m geo.replay",
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(ROOT))}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    score = json.loads(done.stdout.strip().splitlines()[-1])
    assert score["f1"] >= 0.96
    assert score["flaps"] == 0
    assert score["decision_delay_p50_s"] <= 5
