"""What the product's own parser says of files: `python -m geo.check PATH…` prints a line for each, and totals.

    accepted    taken as it came
    normalised  taken, and `notes` say what was set right
    refused     not taken: a code, and the [lon, lat] of the first fault where there is one

Folders are read through. Known are GeoJSON, also packed with gzip, KML, KMZ, GeoPackage, zipped and loose Shapefiles,
and the XML of the JTS test suite (shapes in plane units, made a thousandth of that in degrees). A file that is none
of these is listed as such. `sticks_out_of_site` and `duplicate_name` are reported for zones of sites of one file.
"""

import gzip
import io
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from shapely import MultiPolygon
from shapely.geometry import shape

from base.text import alike
from geo.files.archives import SHAPE_PARTS
from geo.files.formats import FileRefused, read_file
from geo.shapes.boundaries import Boundary, BoundaryRefused, parse_boundary, parse_collection
from geo.shapes.geojson import refuse
from geo.shapes.jts import read_cases
from geo.shapes.overlaps import Overlaps
from geo.shapes.remarks import OUTSIDE

OUTCOMES = ("accepted", "normalised", "refused")
_JSON, _FILES = (".json", ".geojson"), (".kml", ".kmz", ".gpkg", ".zip")
_EXTERNAL, _SITE = ("external_id", "osm_id"), ("site_external_id", "site_osm_id")
Judged = Iterable[tuple[dict[str, Any], Boundary | BoundaryRefused]]


@dataclass
class Report:
    """What became of the features of one file."""

    path: Path
    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    first_fault: str = ""
    remark: str = ""

    def line(self) -> str:
        """The report's line of the table."""
        numbers = "/".join(str(self.counts[outcome]) for outcome in OUTCOMES)
        said = " ".join(f"{code}×{n}" for code, n in sorted((self.codes + self.notes).items()))
        return "  ".join(
            filter(None, (f"{numbers:>12}", str(self.path), said, self.first_fault, self.remark))
        )


def check_file(path: Path) -> Report | None:
    """Judge one file; None when it is in no format that carries boundaries."""
    report = Report(path)
    read = _reader(path)
    if read is None:
        return None
    try:
        read(path, report)
    except (BoundaryRefused, FileRefused) as refusal:
        _count_refusal(report, refusal.code, refusal.detail, refusal.extra.get("at"))
    return report


def check_paths(paths: Iterable[Path]) -> Iterator[tuple[Path, Report | None]]:
    """Judge files and all that is in folders, in the order of their names."""
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        yield from ((file, check_file(file)) for file in files)


def totals(reports: Iterable[Report]) -> dict[str, Counter[str]]:
    """The counts of every folder that holds files."""
    folders: dict[str, Counter[str]] = {}
    for report in reports:
        folders.setdefault(str(report.path.parent), Counter()).update(report.counts)
    return folders


def _reader(path: Path) -> Callable[[Path, Report], None] | None:
    suffixes = path.suffixes[-2:]
    kind = suffixes[0] if len(suffixes) == 2 and suffixes[1] == ".gz" else path.suffix
    if kind in _JSON:
        return _check_json
    if kind == ".xml":
        return _check_jts
    return _check_format if kind in (*_FILES, ".shp") else None


def _check_json(path: Path, report: Report) -> None:
    data = path.read_bytes()
    try:
        document = orjson.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    except orjson.JSONDecodeError as error:
        raise refuse("not_json", f"This is not JSON: {error.msg} at byte {error.pos}.", "") from None
    _check_document(document, report)
    expected = path.parent.parent / "expected-flat" / path.name
    if path.parent.name == "input" and expected.is_file() and not report.counts["refused"]:
        same = _same_area(parse_boundary(document).polygon, orjson.loads(expected.read_bytes()))
        report.remark = "as expected" if same else "NOT as expected"


def _check_format(path: Path, report: Report) -> None:
    data = path.read_bytes()
    if path.suffix == ".shp":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for part in path.parent.glob(f"{path.stem}.*"):
                if part.suffix in SHAPE_PARTS:
                    archive.write(part, part.name)
        data = packed.getvalue()
    _check_document(read_file(data, path.name).collection, report)


def _check_document(document: Any, report: Report) -> None:
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        _count(report, [(properties, boundary) for _, properties, boundary in parse_collection(document)])
    else:
        _count(report, [({}, parse_boundary(document))])


def _check_jts(path: Path, report: Report) -> None:
    """The suite says of each case whether it is valid: do we take the polygons that are, and no others?"""
    agree = 0
    cases = read_cases(path.read_text())
    for geojson, valid in cases:
        try:
            _count(report, [({}, parse_boundary(geojson))])
            agree += valid
        except BoundaryRefused as refusal:
            _count_refusal(report, refusal.code, refusal.detail, refusal.extra.get("at"))
            agree += not valid
    report.remark = f"agrees with the suite on {agree} of {len(cases)} polygons"


def _count(report: Report, judged: Judged) -> None:
    features = list(judged)
    remarks = _Remarks(features)
    for properties, boundary in features:
        if isinstance(boundary, BoundaryRefused):
            _count_refusal(report, boundary.code, boundary.detail, boundary.extra.get("at"))
            continue
        report.counts["normalised" if boundary.notes else "accepted"] += 1
        report.notes.update(boundary.notes)
        report.notes.update(remarks.of(properties, boundary.polygon))


def _count_refusal(report: Report, code: str, detail: str, at: Any) -> None:
    report.counts["refused"] += 1
    report.codes[code] += 1
    report.first_fault = report.first_fault or f"{detail} {'' if at is None else at}".strip()


class _Remarks:
    """What an import would report of zones, from the file alone."""

    def __init__(self, features: list[tuple[dict[str, Any], Boundary | BoundaryRefused]]) -> None:
        taken = [(p, b.polygon) for p, b in features if isinstance(b, Boundary)]
        self._sites = {_first(p, _EXTERNAL): polygon for p, polygon in taken if p.get("kind") != "zone"}
        self._names = Counter(self._name(p) for p, _ in taken)

    def of(self, properties: dict[str, Any], polygon: MultiPolygon) -> Iterator[str]:
        """The remarks on one feature."""
        name, site = self._name(properties), self._sites.get(_first(properties, _SITE) or "")
        if name[1] and self._names[name] > 1:
            yield "duplicate_name"
        if properties.get("kind") != "zone" or site is None:
            return
        if Overlaps().outside(polygon, site).value > OUTSIDE:
            yield "sticks_out_of_site"

    def _name(self, properties: dict[str, Any]) -> tuple[str | None, str]:
        name = properties.get("name")
        return _first(properties, _SITE), alike(name) if isinstance(name, str) else ""


def _first(properties: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((str(properties[key]) for key in keys if properties.get(key)), None)


def _same_area(polygon: MultiPolygon, expected: Any) -> bool:
    wanted = shape(expected.get("geometry") or expected)
    return polygon.symmetric_difference(wanted).area < 1e-5


def main(arguments: list[str]) -> None:
    """Print the table and the totals of each folder."""
    reports: list[Report] = []
    for path, report in check_paths([Path(argument) for argument in arguments]):
        if report is None:
            print(f"{'-':>12}  {path}  no format that carries boundaries")
        else:
            reports.append(report)
            print(report.line())
    print(f"\n{'accepted':>10} {'normalised':>10} {'refused':>10}  folder")
    for folder, counts in sorted(totals(reports).items()):
        print(*(f"{counts[outcome]:>10}" for outcome in OUTCOMES), f" {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
