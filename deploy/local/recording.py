"""Real input for `make demo DATA=folder`: places from maps, and a day as two phones recorded it.

The recording is years old and the server takes nothing that is older than a day, so all its times are moved by one
offset to end now; what is printed are the recording's own times again.
"""

import csv
import gzip
import json
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.phone import Phone, fix

_RUN = "traces/mobilitynet/mtv-losaltos-20190728T1713Z"
_PHONES = {"android-2": "mina", "ios-1": "jonas"}
_FILES = ("sites/osm/krems.sites-zones.geojson", "sites/mobilitynet/sites.geojson")
_BATCH = 100


def play(admin: Phone, facts: dict[str, Any], data: Path, say: Callable[..., None]) -> None:
    """Import, replay, post where the phones really are, compare with what the person wrote down."""
    for name in _FILES:
        _import(admin, data / name, say)
    truth = list(_truth(data / _RUN / "ground_truth.csv"))
    end = max(at for at, _ in truth)
    offset = time.time() - end - 60
    for recording, account in _PHONES.items():
        phone = Phone.signed_in(
            facts["address"], facts["organisation"], f"{account}@demo.example", facts["password"]
        )
        say(f"{phone.name} carries the recording of {recording}")
        visits = _replay(phone, data / _RUN / f"{recording}.fixes.csv.gz", offset, say)
        _compare(visits, truth, offset, say)


def _import(admin: Phone, path: Path, say: Callable[..., None]) -> None:
    collection = json.loads(path.read_text())
    for feature in collection["features"]:
        if feature["properties"].get("osm_id") is None:
            feature["properties"]["external_id"] = f"{path.parent.name}/{feature.get('id')}"
    begun = time.monotonic()
    results = admin.post("/v1/admin/places/import", collection)["items"]
    counts: dict[str, int] = {}
    for result in results:
        key = result["code"] or result["outcome"]
        counts[key] = counts.get(key, 0) + 1
    say(f"imported {path.name}: {counts}", f"{(time.monotonic() - begun) * 1000:8.1f} ms")


def _replay(phone: Phone, path: Path, offset: float, say: Callable[..., None]) -> list[dict[str, Any]]:
    """Send all fixes in order of arrival; post into every place that is entered."""
    visits: dict[str, dict[str, Any]] = {}
    begun, sent, refused = time.monotonic(), 0, 0
    for batch in _batches(path, offset):
        report = phone.post("/v1/me/fixes", {"fixes": batch})
        sent, refused = sent + len(batch), refused + len(report["refused"])
        at_the_end = {visit["id"]: visit for visit in report["visits"]}
        visits |= at_the_end
        for visit in at_the_end.values():
            if visit["left_at"] is None:
                text = f"{phone.name} is at {visit['place_name']} ({secrets.token_hex(2)})"
                phone.post(f"/v1/scopes/{visit['place_id']}/posts", {"text": text})
    seconds = time.monotonic() - begun
    say(
        f"{sent} fixes, {refused} refused as too old, {sent / seconds:.0f} a second",
        f"{seconds * 1000:8.1f} ms",
    )
    return sorted(visits.values(), key=lambda visit: visit["entered_at"])


def _compare(
    visits: list[dict[str, Any]], truth: list[tuple[float, str]], offset: float, say: Callable[..., None]
) -> None:
    for visit in visits:
        say(
            f"  visit  {_clock(visit['entered_at'], offset)} – {_clock(visit['left_at'], offset)}"
            f"  {visit['place_name']}"
        )
    for at, place in truth:
        say(f"  truth  {datetime.fromtimestamp(at, UTC):%H:%M:%S}             at {place}")


def _clock(moment: str | None, offset: float) -> str:
    if moment is None:
        return "still in"
    at = datetime.fromisoformat(moment).timestamp() - offset
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def _truth(path: Path) -> Iterator[tuple[float, str]]:
    """The moments at which the person marked a change, with the place."""
    with path.open() as file:
        for row in csv.DictReader(file):
            if row["person_is_at"]:
                yield float(row["ts"]), row["person_is_at"]


def _batches(path: Path, offset: float) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            accuracy, speed = _number(row["accuracy_m"]), _number(row["speed_mps"])
            speed = speed if speed is not None and speed >= 0 else None
            batch.append(
                fix(float(row["ts"]) + offset, float(row["lon"]), float(row["lat"]), accuracy, speed)
            )
            if len(batch) == _BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _number(value: str) -> float | None:
    return float(value) if value else None
