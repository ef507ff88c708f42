"""Files of map offices: written by the library itself, read back, and hostile ones."""

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from werkzeug.test import TestResponse

from geo.formats import FileRefused, read_features
from tests.world import Phone, World

DEPOT = shapely.box(127, 37.5, 127.001, 37.501)
FILE = "/v1/admin/places/import/file"


def written(
    folder: Path,
    driver: str,
    suffix: str,
    *,
    crs: str | None = "EPSG:4326",
    polygon: Any = DEPOT,
    **fields: Any,
) -> bytes:
    path = folder / f"places{suffix}"
    given = {"name": "Depot", "external_id": "s1", **fields}
    options = {} if crs is None else {"crs": crs}
    columns = [np.array([value], dtype=object) for value in given.values()]
    blobs = shapely.to_wkb(np.array([polygon]))
    pyogrio.raw.write(
        str(path), blobs, columns, list(given), geometry_type="Polygon", driver=driver, **options
    )
    return (
        zipped({p.name: p.read_bytes() for p in folder.iterdir()}) if suffix == ".shp" else path.read_bytes()
    )


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def code_of(data: bytes, filename: str = "x.zip") -> str:
    with pytest.raises(FileRefused) as caught:
        read_features(data, filename)
    return caught.value.code


pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
FORMATS = [("GPKG", ".gpkg"), ("ESRI Shapefile", ".shp"), ("KML", ".kml"), ("LIBKML", ".kml")]


@pytest.mark.parametrize(("driver", "suffix"), FORMATS)
def test_what_was_written_is_read(tmp_path: Path, driver: str, suffix: str) -> None:
    data = written(tmp_path, driver, suffix, site_external_id="up", kind="zone")
    read = read_features(data, f"places{suffix}")
    (found,) = read["features"]
    assert shapely.geometry.shape(found["geometry"]).equals(DEPOT)
    wanted = {"name": "Depot", "external_id": "s1", "site_external_id": "up", "kind": "zone"}
    assert wanted.items() <= found["properties"].items()
    assert read["notes"] == []


@pytest.mark.parametrize(("driver", "suffix"), FORMATS[:2])
def test_metres_are_reprojected_when_the_file_says_of_what(tmp_path: Path, driver: str, suffix: str) -> None:
    metres = shapely.box(400_000, 4_150_000, 400_100, 4_150_100)
    read = read_features(written(tmp_path, driver, suffix, crs="EPSG:32652", polygon=metres), "x")
    lon, lat = read["features"][0]["geometry"]["coordinates"][0][0]
    assert (lon, lat) == (pytest.approx(127.87, abs=0.01), pytest.approx(37.49, abs=0.01))
    assert read["notes"] == ["reprojected"]


@pytest.mark.parametrize(("driver", "suffix"), FORMATS[:2])
def test_a_file_that_does_not_say_is_refused(tmp_path: Path, driver: str, suffix: str) -> None:
    assert code_of(written(tmp_path, driver, suffix, crs=None)) == "file_crs_missing"


def test_packed_kml_and_geojson_are_read(tmp_path: Path) -> None:
    kml = written(tmp_path, "LIBKML", ".kml")
    assert len(read_features(zipped({"doc.kml": kml}), "places.kmz")["features"]) == 1
    assert len(read_features(gzip.compress(kml), "places.kml.gz")["features"]) == 1
    geojson = b'\xef\xbb\xbf{"type": "Polygon", "coordinates": []}'
    assert read_features(geojson, "x.json")["features"][0]["geometry"]["type"] == "Polygon"


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
    assert read_features(data, "x.kml")["features"] == []


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
