"""Real places and broken GeoJSON beside the project: the counts of every folder, as the checker prints them."""

from collections import Counter

import pytest

from geo.check import OUTCOMES, check_file, check_paths, main, totals
from tests.stories.recordings import DATA

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data is not at {DATA}"),
]
COUNTS = {
    "geojson-edge/antimeridian/expected-flat": (13, 1, 2),
    "geojson-edge/antimeridian/expected-spherical": (13, 1, 2),
    "geojson-edge/antimeridian/input": (1, 10, 6),
    "geojson-edge/chrieke/invalid_geometries": (0, 3, 0),
    "geojson-edge/chrieke/invalid_structure": (1, 0, 13),
    "geojson-edge/chrieke/problematic_geometries": (1, 2, 5),
    "geojson-edge/chrieke/problematic_structure": (0, 0, 2),
    "geojson-edge/chrieke/valid": (2, 0, 8),
    "geojson-edge/geojson-fixtures/feature": (1, 0, 0),
    "geojson-edge/geojson-fixtures/featurecollection": (1, 0, 2),
    "geojson-edge/geojson-fixtures/geometry": (1, 3, 10),
    "geojson-edge/geojsonhint/bad": (0, 3, 20),
    "geojson-edge/geojsonhint/good": (1, 0, 11),
    "geojson-edge/jts": (3, 20, 44),
    "geojson-edge/projected-crs": (0, 0, 1),
    "sites/awkward": (0, 36, 2),
    "sites/districts": (0, 259, 5),
    "sites/indoor": (219, 0, 148),
    "sites/indoor/westport-house": (0, 829, 4),
    "sites/mobilitynet": (19, 0, 0),
    "sites/mobilitynet/original": (0, 0, 2),
    "sites/osm": (314, 0, 0),
}


def test_every_folder_gets_its_answers() -> None:
    reports = [r for _, r in check_paths([DATA / "geojson-edge", DATA / "sites"]) if r is not None]
    found = {
        folder.removeprefix(f"{DATA}/"): tuple(counts[outcome] for outcome in OUTCOMES)
        for folder, counts in totals(reports).items()
    }
    assert {folder: found.get(folder) for folder in COUNTS} == COUNTS


def test_rings_across_the_antimeridian_are_cut_as_others_cut_them() -> None:
    remarks = Counter(r.remark for _, r in check_paths([DATA / "geojson-edge/antimeridian/input"]) if r)
    assert remarks == {"as expected": 10, "": 7}


def test_validity_is_judged_as_by_the_suite_but_for_parts_without_a_ring() -> None:
    report = check_file(DATA / "geojson-edge/jts/TestValid.xml")
    assert report is not None
    assert report.remark == "agrees with the suite on 65 of 67 polygons"
    assert report.codes["boundary_empty"] == 2


def test_zones_that_stick_out_and_names_that_repeat_are_told() -> None:
    report = check_file(DATA / "sites/osm/krems.sites-zones.geojson")
    assert report is not None
    assert report.notes == {"sticks_out_of_site": 13, "duplicate_name": 2}


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(DATA / "sites/awkward"), str(DATA / "geojson-edge/geojsonhint/bad/bad-json.result")])
    printed = capsys.readouterr().out
    assert "[-121.471597139809, 37.4824163413738]" in printed
    assert "no format that carries boundaries" in printed
    assert printed.rstrip().endswith(f"36          2  {DATA / 'sites/awkward'}")
