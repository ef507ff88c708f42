"""Files of map offices: written by the library itself, read back, and hostile ones."""

import gzip
import json
import sqlite3
from pathlib import Path

import pytest
import shapely
from shapely.geometry import mapping
from werkzeug.test import TestResponse

from base.errors import TooManyRequests
from geo.files.formats import _reading, read_file
from tests.geo.files.map_files import DEPOT, code_of, written, zipped
from tests.world import Phone, World

FILE = "/v1/admin/places/import/file"


pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
FORMATS = [("GPKG", ".gpkg"), ("ESRI Shapefile", ".shp"), ("KML", ".kml"), ("LIBKML", ".kml")]


@pytest.mark.parametrize(("driver", "suffix"), FORMATS)
def test_what_was_written_is_read(tmp_path: Path, driver: str, suffix: str) -> None:
    data = written(tmp_path, driver, suffix, site_external_id="up", kind="zone")
    read = read_file(data, f"places{suffix}")
    (found,) = read.collection["features"]
    assert shapely.geometry.shape(found["geometry"]).equals(DEPOT)
    wanted = {"name": "Depot", "external_id": "s1", "site_external_id": "up", "kind": "zone"}
    assert wanted.items() <= found["properties"].items()
    assert read.notes == ()


@pytest.mark.parametrize(("driver", "suffix"), FORMATS[:2])
def test_metres_are_reprojected_when_the_file_says_of_what(tmp_path: Path, driver: str, suffix: str) -> None:
    metres = shapely.box(400_000, 4_150_000, 400_100, 4_150_100)
    read = read_file(written(tmp_path, driver, suffix, crs="EPSG:32652", polygon=metres), "x")
    lon, lat = read.collection["features"][0]["geometry"]["coordinates"][0][0]
    assert (lon, lat) == (pytest.approx(127.87, abs=0.01), pytest.approx(37.49, abs=0.01))
    assert read.notes == ("reprojected",)


@pytest.mark.parametrize(("driver", "suffix"), FORMATS[:2])
def test_a_file_that_does_not_say_is_refused(tmp_path: Path, driver: str, suffix: str) -> None:
    assert code_of(written(tmp_path, driver, suffix, crs=None)) == "file_crs_missing"


def test_packed_kml_and_geojson_are_read(tmp_path: Path) -> None:
    kml = written(tmp_path, "LIBKML", ".kml")
    assert len(read_file(zipped({"doc.kml": kml}), "places.kmz").collection["features"]) == 1
    assert len(read_file(gzip.compress(kml), "places.kml.gz").collection["features"]) == 1
    geojson = b'\xef\xbb\xbf{"type": "Polygon", "coordinates": []}'
    assert read_file(geojson, "x.json").collection["features"][0]["geometry"]["type"] == "Polygon"


NO_DATA = -1.7976931348623157e308


@pytest.mark.parametrize(("driver", "suffix"), FORMATS[:2])
def test_columns_that_mean_nothing_here_and_numbers_beyond_all_bounds_do_no_harm(
    tmp_path: Path, driver: str, suffix: str
) -> None:
    read = read_file(written(tmp_path, driver, suffix, osm_id=NO_DATA, elevation=NO_DATA, floor_low=2.0), "x")
    (found,) = read.collection["features"]
    assert found["properties"].keys() == {"name", "external_id", "osm_id", "floor_low"}
    assert found["properties"]["floor_low"] == 2


def test_long_texts_are_cut(tmp_path: Path) -> None:
    read = read_file(written(tmp_path, "GPKG", ".gpkg", name="x" * 100_000), "x")
    assert read.collection["features"][0]["properties"]["name"] == "x" * 200


PROGRAMS = {
    "view": "CREATE VIEW more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"
    " SELECT i AS fid, geom, printf('%.10000000c', 'x') AS name FROM places, n",
    "computed column": "ALTER TABLE places ADD COLUMN kind TEXT AS (printf('%.10000000c', 'x'))",
    "virtual table": "CREATE VIRTUAL TABLE words USING fts5(name)",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_geopackage_that_computes_is_refused(tmp_path: Path, program: str) -> None:
    written(tmp_path, "GPKG", ".gpkg")
    with sqlite3.connect(tmp_path / "places.gpkg") as database:
        database.execute(PROGRAMS[program])
    database.close()
    assert code_of((tmp_path / "places.gpkg").read_bytes()) == "file_malformed"


def test_an_answer_without_end_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.files.formats.MAX_ANSWER", 100)
    assert code_of(written(tmp_path, "GPKG", ".gpkg")) == "file_too_large"


def test_one_file_is_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(tmp_path, "GPKG", ".gpkg")
    monkeypatch.setattr("geo.files.formats._WAIT_S", 0.01)
    with _reading, pytest.raises(TooManyRequests):
        read_file(data, "x")
    assert len(read_file(data, "x").collection["features"]) == 1


def test_json_that_would_fill_the_memory_is_refused_and_a_member_that_is_there_twice_counts_once() -> None:
    assert code_of(gzip.compress(b'{"x":[' + b"[]," * 4_000_001 + b"1]}")) == "file_too_large"
    twice = b'{"type":"FeatureCollection","features":[1],"features":[]}'
    assert read_file(twice, "x").collection["features"] == []


VRT = (
    b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource>'
    b"</OGRVRTLayer></OGRVRTDataSource>"
)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "file_unknown"),
    "text": (b"name,lon,lat\n", "file_unknown"),
    "virtual": (VRT, "file_unknown"),
    "virtual in a kml's clothes": (b"<!-- <kml -->" + VRT, "file_malformed"),
    "entities": (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml>&a;</kml>', "file_malformed"),
    "broken kml": (b"<kml><Document><Placemark>", "file_malformed"),
    "broken sqlite": (b"SQLite format 3\0" + b"\xff" * 2_000, "file_malformed"),
    "broken zip": (b"PK\x03\x04" + b"\xff" * 2_000, "file_malformed"),
    "broken gzip": (b"\x1f\x8b" + b"\xff" * 100, "file_malformed"),
    "broken json": (b'{"type":', "file_malformed"),
    "deep json": (b'{"a":' * 100_000, "file_malformed"),
    "no shapefile": (zipped({"readme.txt": b"x"}), "file_unknown"),
    "broken shapefile": (
        zipped({"x.shp": b"\xff" * 500, "x.shx": b"\xff" * 500, "x.prj": b"x"}),
        "file_malformed",
    ),
    "zip bomb": (zipped({"x.shp": b"\0" * (65 << 20)}), "file_too_large"),
    "gzip bomb": (gzip.compress(b"\0" * (65 << 20)), "file_too_large"),
    "many members": (zipped({f"{i}.shp": b"x" for i in range(101)}), "file_too_large"),
    "many layers": (zipped({f"{i}.shp": b"x" for i in range(20)}), "file_too_large"),
    "a way out": (zipped({"../../x.shp": b"\xff" * 100}), "file_malformed"),
    "many levels": (
        zipped({"main.json": b"{}"} | {f"{i}.json": b"{}" for i in range(101)}),
        "file_too_large",
    ),
    "a map without levels": (zipped({"main.json": b"{}"}), "file_malformed"),
    "a map of nothing": (zipped({"main.json": b"[]"}), "file_malformed"),
    "a map that reaches out": (
        zipped({"main.json": b'{"levels": [{"filename": "../../etc/passwd"}]}'}),
        "file_malformed",
    ),
    "a map that is a bomb": (zipped({"main.json": b" " * (65 << 20)}), "file_too_large"),
    "nested": (zipped({"x.zip": zipped({"x.shp": b"x"})}), "file_unknown"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str) -> None:
    data, code = HOSTILE[name]
    assert code_of(data) == code


def test_a_size_that_lies_is_found_out_while_unpacking() -> None:
    data = bytearray(zipped({"x.shp": b"\0" * (65 << 20)}))
    at = data.rindex(b"PK\x01\x02") + 24  # the uncompressed size in the archive's directory
    data[at : at + 4] = (1_000).to_bytes(4, "little")
    assert code_of(bytes(data)) in ("file_too_large", "file_malformed")


def test_a_network_link_is_not_followed() -> None:
    link = b"<NetworkLink><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink>"
    data = b'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>' + link + b"</Document></kml>"
    assert read_file(data, "x.kml").collection["features"] == []


def building() -> dict[str, bytes]:
    """Two floors, one above the other, with a room on the upper one."""
    outline = {"type": "Feature", "geometry": mapping(DEPOT), "properties": {"type": "building_outline"}}
    room = {"type": "Feature", "geometry": mapping(DEPOT), "properties": {"type": "room", "name": "Ward"}}
    levels = [
        {
            "id": f"f{z}",
            "name": f"F{z}",
            "readable_name": f"Floor {z}",
            "z_order": z,
            "filename": f"{z}.geojson",
        }
        for z in range(2)
    ]
    plan = {"id": "house", "name": "House", "levels": levels}
    drawn = [{"features": [outline]}, {"features": [outline, room]}]
    files = {f"map/{z}.geojson": json.dumps(drawing).encode() for z, drawing in enumerate(drawn)}
    return {"map/main.json": json.dumps(plan).encode(), **files}


def test_a_packed_indoor_map_is_one_site_with_its_floors(world: World) -> None:
    admin = world.organisation().admin
    for outcome in ("created", "unchanged"):
        items = sends(admin, zipped(building()), "house.zip").get_json()["items"]
        assert [item["outcome"] for item in items] == [outcome] * 4
    (site,) = [item["id"] for item in admin.get("/v1/admin/sites")["items"]]
    zones = [zone["properties"] for zone in admin.get(f"/v1/admin/sites/{site}/zones")["items"]]
    assert [(zone["name"], zone["floor_low"], zone["floor_high"]) for zone in zones] == [
        ("Floor 0", 0, 0),
        ("Floor 1", 1, 1),
        ("F1: Ward", 1, 1),
    ]


def sends(phone: Phone, data: bytes, filename: str, accept: str = "application/json") -> TestResponse:
    headers = {"Authorization": f"Bearer {phone.tokens['access_token']}", "Accept": accept}
    kind = "application/octet-stream"
    return phone._client.post(f"{FILE}?filename={filename}", data=data, content_type=kind, headers=headers)


def test_a_file_is_imported_over_http(world: World, tmp_path: Path) -> None:
    admin = world.organisation().admin
    data = written(tmp_path, "GPKG", ".gpkg")
    (result,) = sends(admin, data, "places.gpkg").get_json()["items"]
    assert (result["outcome"], result["notes"]) == ("created", [])
    assert admin.get(f"/v1/admin/sites/{result['place_id']}")["properties"]["external_id"] == "s1"
    lines = sends(admin, data, "places.gpkg", "application/x-ndjson").get_data().splitlines()
    assert b'"unchanged":1' in lines[-1]
    assert sends(admin, b"nonsense", "x").get_json()["code"] == "file_unknown"
    admin.post(FILE, {}, 422)
