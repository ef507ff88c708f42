"""Files that surveyors and map offices send: KML, KMZ, GeoPackage, zipped Shapefile and GeoJSON, read into GeoJSON.

The library that knows these formats (GDAL, through pyogrio) is large, written in C and made to open anything from
anywhere. So what is hostile in a file stays outside of the product:

  recognised   by its first bytes, not by its name; nothing but these formats goes any further
  unpacked     by us: few members, counted while they are inflated, written under names of our own
  read         in a process of its own (`geo/formats_reader.py`), with all other drivers off, no secrets in its
               environment, little memory, seconds of time, and only the path of a private folder to open

What comes out is a FeatureCollection as any other and goes through the same checks. Coordinates are reprojected to
WGS84 when the file says what they are in, and refused when it does not: numbers alone do not tell metres from feet.
"""

import functools
import gzip
import io
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any, ClassVar, cast

import orjson
import pyogrio

from base.errors import Invalid

MAX_UNPACKED = 64 * 1024 * 1024
MAX_MEMBERS = 100
MAX_LAYERS = 16
READ_TIMEOUT_S = 30
DRIVERS = ("ESRI Shapefile", "GPKG", "KML", "LIBKML")
SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_ROOT = Path(__file__).resolve().parent.parent
_CHUNK = 1 << 20


class FileRefused(Invalid):
    """A file that cannot be read as places. Codes begin with `file_`."""

    code = "file_malformed"
    title: ClassVar[str] = "This file cannot be used"


def read_features(data: bytes, filename: str) -> dict[str, Any]:
    """The features of a file as a FeatureCollection in WGS84.

    `notes` of the answer says what was done to all of them (`reprojected`). The name serves only to tell KMZ from
    other archives. Raises `FileRefused`: `file_unknown` (none of the formats), `file_malformed`, `file_too_large`
    (more than 64 MiB unpacked, 100 members or a million vertices), `file_crs_missing`, `file_too_slow`.
    """
    if data[:2] == b"\x1f\x8b":
        data = _gunzipped(data)
    if data[:16] == b"SQLite format 3\0":
        return _read({"layer0.gpkg": data})
    if data[:4] == b"PK\x03\x04":
        return _read(_unpacked(data, filename))
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<":
        return _read({"layer0.kml": _checked_kml(data)})
    if head[:1] == b"{":
        return _geojson(data)
    raise FileRefused("Send KML, KMZ, GeoPackage, a zipped Shapefile or GeoJSON.", code="file_unknown")


def _geojson(data: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise FileRefused(f"The file is not JSON: {error.msg} at byte {error.pos}.") from None
    if document.get("type") == "FeatureCollection":
        return document
    feature = document if document.get("type") == "Feature" else {"type": "Feature", "geometry": document}
    return {"type": "FeatureCollection", "features": [feature]}


def _gunzipped(data: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            return _bounded(cast("io.BufferedIOBase", packed), MAX_UNPACKED)
    except (OSError, EOFError, zlib.error):
        raise FileRefused("The compressed file is broken.") from None


def _unpacked(data: bytes, filename: str) -> dict[str, bytes]:
    """The parts that matter of a KMZ or zipped Shapefile, under names of our own."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise _too_large()
            if filename.lower().endswith(".kmz"):
                return _kmz(archive, members)
            return _shapefiles(archive, members)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise FileRefused("The archive is broken, or encrypted.") from None


def _kmz(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    for member in members:
        if member.filename.lower().endswith(".kml"):
            with archive.open(member) as opened:
                return {"layer0.kml": _checked_kml(_bounded(opened, MAX_UNPACKED))}
    raise FileRefused("There is no KML in this archive.", code="file_unknown")


def _shapefiles(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    known = [
        m for m in members if Path(m.filename).suffix.lower() in SHAPE_PARTS and "__MACOSX" not in m.filename
    ]
    stems = sorted({_stem(m) for m in known if m.filename.lower().endswith(".shp")})
    if not stems:
        raise FileRefused("There is no Shapefile in this archive.", code="file_unknown")
    if len(stems) > MAX_LAYERS:
        raise _too_large()
    parts: dict[str, bytes] = {}
    left = MAX_UNPACKED
    for member in known:
        if _stem(member) in stems:
            with archive.open(member) as opened:
                content = _bounded(opened, left)
            left -= len(content)
            parts[f"layer{stems.index(_stem(member))}{Path(member.filename).suffix.lower()}"] = content
    return parts


def _stem(member: zipfile.ZipInfo) -> str:
    return str(Path(member.filename).with_suffix("")).lower()


def _bounded(opened: Any, limit: int) -> bytes:
    """What a packed stream holds: its own word about its size counts for nothing."""
    content = bytearray()
    while chunk := opened.read(_CHUNK):
        content += chunk
        if len(content) > limit:
            raise _too_large()
    return bytes(content)


def _checked_kml(data: bytes) -> bytes:
    """KML without a document type: entities are how XML reaches for other files, and how it explodes."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data[:4]:
        raise FileRefused("KML with a document type or in UTF-16 is not taken.")
    if b"<kml" not in data[:4096]:
        raise FileRefused("This XML is not KML.", code="file_unknown")
    return data


def _too_large() -> FileRefused:
    return FileRefused("The file holds more than is taken at once.", code="file_too_large")


def _read(parts: dict[str, bytes]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="hereabouts-") as folder:
        for name, content in parts.items():
            (Path(folder) / name).write_bytes(content)
        command = [sys.executable, "-m", "geo.formats_reader", folder]
        try:
            done = subprocess.run(
                command,
                cwd=_ROOT,
                env=_environment(),
                capture_output=True,
                timeout=READ_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise FileRefused("Reading the file takes too long.", code="file_too_slow") from None
    if done.returncode != 0:
        raise FileRefused("The file is broken, or too large to be read.")
    answer = cast("dict[str, Any]", orjson.loads(done.stdout))
    if "code" in answer:
        raise FileRefused(answer["detail"], code=answer["code"])
    return answer


def _environment() -> dict[str, str]:
    """All that the reading process knows: which drivers are off, and that there is no network."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "GDAL_SKIP": ",".join(_other_drivers()),
        "GDAL_HTTP_PROXY": "http://127.0.0.1:9",
        "GDAL_HTTP_TIMEOUT": "1",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "OGR_SQLITE_LOAD_EXTENSIONS": "",
        "PROJ_NETWORK": "OFF",
        "OPENBLAS_NUM_THREADS": "1",
    }


@functools.cache
def _other_drivers() -> tuple[str, ...]:
    return tuple(name for name in pyogrio.list_drivers() if name not in DRIVERS)
