"""Texts of Shapefiles that do not say what they are in, names in a Mac's archive, and rings that KML left open."""

import io
import unicodedata
import zipfile
from pathlib import Path

import pytest

from geo.files.archives import unpacked
from geo.files.encodings import guess, is_utf8, names_encoding
from geo.files.formats import read_file
from tests.geo.files.map_files import code_of, written, zipped

KML = """<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>Depot</name>
<Polygon><outerBoundaryIs><LinearRing><coordinates>127,37.5 127.001,37.5 127.001,37.501 127,37.501
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"""
NAMES = ["중앙 창고 3층", "Müllhof Süd", "倉庫ゲート"]


def archive(folder: Path, name: str, *, says: str | None = None) -> bytes:
    """A zipped Shapefile whose table is in UTF-8 and says so nowhere, unless it is told to."""
    with zipfile.ZipFile(io.BytesIO(written(folder, "ESRI Shapefile", ".shp", name=name))) as made:
        members = {member: made.read(member) for member in made.namelist() if not member.endswith(".cpg")}
    (table,) = (member for member in members if member.endswith(".dbf"))
    members[table] = members[table][:29] + b"\0" + members[table][30:]
    if says is not None:
        members[table.replace(".dbf", ".cpg")] = says.encode()
    return zipped(members)


def encoded(data: bytes, name: str, encoding: str) -> bytes:
    """The same archive with its name in another encoding."""
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        members = {member: made.read(member) for member in made.namelist()}
    (table,) = (member for member in members if member.endswith(".dbf"))
    before, after = name.encode(), name.encode(encoding)
    members[table] = members[table].replace(before, after + b" " * (len(before) - len(after)))
    return zipped(members)


@pytest.mark.parametrize("name", NAMES)
def test_utf8_is_found_though_nothing_says_so(tmp_path: Path, name: str) -> None:
    (found,) = read_file(archive(tmp_path, name), "x.zip").collection["features"]
    assert found["properties"]["name"] == name


@pytest.mark.parametrize(
    ("name", "encoding"), [(NAMES[0], "cp949"), (NAMES[1], "cp1252"), (NAMES[2], "cp932")]
)
def test_what_would_have_to_be_guessed_is_refused_with_the_guess(
    tmp_path: Path, name: str, encoding: str
) -> None:
    data = encoded(archive(tmp_path, name), name, encoding)
    assert code_of(data) == "file_encoding_missing"


@pytest.mark.parametrize(("name", "encoding"), [(NAMES[0], "cp949"), (NAMES[1], "cp1252")])
def test_an_encoding_that_is_named_is_believed(tmp_path: Path, name: str, encoding: str) -> None:
    data = encoded(archive(tmp_path, name, says=encoding), name, encoding)
    (found,) = read_file(data, "x.zip").collection["features"]
    assert found["properties"]["name"] == name


def table(*texts: bytes, width: int = 10, page: int = 0) -> bytes:
    """A table of one text field."""
    head = bytearray(32)
    head[4:8] = len(texts).to_bytes(4, "little")
    head[8:10], head[10:12], head[29] = (65).to_bytes(2, "little"), (width + 1).to_bytes(2, "little"), page
    field = bytearray(32)
    field[:4], field[11:12], field[16] = b"NAME", b"C", width
    return bytes(head + field) + b"\r" + b"".join(b" " + text[:width].ljust(width) for text in texts)


def test_a_character_that_its_fields_end_cuts_off_is_still_utf8() -> None:
    assert is_utf8(table("중앙 창고".encode()))
    assert is_utf8(table(b"plain", b""))
    assert not is_utf8(table("창고".encode("cp949")))
    assert guess(table("창고".encode("cp949"))) == "cp949"


@pytest.mark.parametrize("broken", [b"", b"\0" * 20, table(b"x")[:40], table(b"x", b"y")[:-3], b"\xff" * 100])
def test_a_broken_table_is_no_fault(broken: bytes) -> None:
    is_utf8(broken)
    guess(broken)
    assert names_encoding(table(b"x", page=0x57))
    assert not names_encoding(table(b"x"))


def test_names_in_a_macs_archive_are_the_plans_names() -> None:
    name = "1층.json"
    packed = zipped({"plan/main.json": b"{}", f"plan/{unicodedata.normalize('NFD', name)}": b"{}"})
    parts = unpacked(packed, "x.zip")
    assert name in parts["levels.json"].decode() or any(name in part.decode() for part in parts.values())


def test_a_ring_that_kml_left_open_is_closed_as_geojsons_are() -> None:
    read = read_file(KML.encode(), "places.kml")
    (found,) = read.collection["features"]
    (ring,) = found["geometry"]["coordinates"]
    assert ring[0] == ring[-1]
    assert "closed" in read.notes
