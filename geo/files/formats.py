"""Files that surveyors and map offices send: KML, KMZ, GeoPackage, zipped Shapefile and GeoJSON, read into GeoJSON.

The library that knows these formats (GDAL, through pyogrio) is large, written in C and made to open anything from
anywhere. So what is hostile in a file stays outside of the product:

  recognised   by its first bytes, not by its name; nothing but these formats goes any further
  unpacked     by us (`geo/files/archives.py`): few members, counted while they are inflated
  read         in a process of its own (`geo/files/reader.py`), with all other drivers off, no secrets in its
               environment, little memory, seconds of time, and only the path of a private folder to open; one at a
               time in each web process
  answered     into a file of that folder, of bounded size, which another process looks through (`base/work/apart.py`)

What comes out is a FeatureCollection as any other and goes through the same checks. Coordinates are reprojected to
WGS84 when the file says what they are in, and refused when it does not: numbers alone do not tell metres from feet.
An indoor map (a zip of `main.json` and a GeoJSON file for each floor) is made into one there too
(`geo/files/indoor.py`).
"""

import functools
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson

from base.errors import TooManyRequests
from base.work.apart import TooMuchWork, apart
from base.work.offload import offload
from geo.files.archives import FileRefused, checked_kml, gunzipped, too_large, unpacked

__all__ = ["FileRefused", "ReadFile", "read_file"]

DRIVERS = ("ESRI Shapefile", "GPKG", "KML", "LIBKML")
ANSWER = "answer.json"
MAX_ANSWER = 64 * 1024 * 1024
READ_TIMEOUT_S = 30
_WAIT_S = 3.0
# Every comma of JSON may cost 64 bytes once it is read. A million vertices have two million.
_MOST_COMMAS = 4_000_000
_ROOT = Path(__file__).resolve().parents[2]
_reading = threading.Lock()
Made = TypeVar("Made")
Make = Callable[[dict[str, Any], tuple[str, ...]], Made]


@dataclass(frozen=True)
class ReadFile:
    """The features of a file, and what was done to all of them (`reprojected`)."""

    collection: dict[str, Any]
    notes: tuple[str, ...] = ()


def read_file(data: bytes, filename: str, make: Make[Made] = ReadFile) -> Made:
    """The features of a file as a FeatureCollection in WGS84, and what `make` makes of them in another process.

    The name serves only to tell KMZ from other archives. Raises `FileRefused`: `file_unknown` (none of the formats),
    `file_malformed`, `file_too_large` (more than 64 MiB unpacked, 100 members or a million vertices),
    `file_crs_missing`, `file_too_slow`; and `TooManyRequests` while others are being read.
    """
    if data[:2] == b"\x1f\x8b":
        data = offload(gunzipped, data)
    if data[:16] == b"SQLite format 3\0":
        return _read({"layer0.gpkg": data}, make)
    if data[:4] == b"PK\x03\x04":
        return _read(offload(unpacked, data, filename), make)
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<":
        return _read({"layer0.kml": checked_kml(data)}, make)
    if head[:1] == b"{":
        return in_time(_made_of_geojson, data, make)
    raise FileRefused(
        "Send KML, KMZ, GeoPackage, a zipped Shapefile or indoor map, or GeoJSON.", code="file_unknown"
    )


def in_time(function: Callable[..., Made], *arguments: Any) -> Made:
    """Work on a file apart; raises `FileRefused` (`file_too_slow`) for what takes too long, too."""
    try:
        return apart(function, *arguments)
    except TooMuchWork:
        raise _too_slow() from None


def _made_of_geojson(data: bytes, make: Make[Made]) -> Made:
    if data.count(b",") > _MOST_COMMAS:
        raise too_large()
    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise FileRefused(f"The file is not JSON: {error.msg} at byte {error.pos}.") from None
    if document.get("type") == "FeatureCollection":
        return make(document, ())
    feature = document if document.get("type") == "Feature" else {"type": "Feature", "geometry": document}
    return make({"type": "FeatureCollection", "features": [feature]}, ())


def _read(parts: dict[str, bytes], make: Make[Made]) -> Made:
    with _one_at_a_time(), tempfile.TemporaryDirectory(prefix="hereabouts-") as folder:
        for name, content in parts.items():
            (Path(folder) / name).write_bytes(content)
        failed = _run_reader(folder)
        answer = Path(folder) / ANSWER
        size = answer.stat().st_size if answer.is_file() else 0
        if size >= MAX_ANSWER:
            raise too_large()
        if failed or not size:
            raise FileRefused("The file is broken, or too large to be read.")
        return in_time(_made_of_answer, str(answer), make)


def _made_of_answer(path: str, make: Make[Made]) -> Made:
    told = orjson.loads(Path(path).read_bytes())
    if "code" in told:
        raise FileRefused(told["detail"], code=told["code"])
    return make(told["collection"], tuple(told["notes"]))


def _too_slow() -> FileRefused:
    return FileRefused("Reading the file takes too long.", code="file_too_slow")


@contextmanager
def _one_at_a_time() -> Generator[None]:
    if not _reading.acquire(timeout=_WAIT_S):
        raise TooManyRequests("Other files are being read.", headers={"Retry-After": "5"})
    try:
        yield
    finally:
        _reading.release()


def _run_reader(folder: str) -> bool:
    """Whether the reading process failed. It has nobody to talk to: what it has to say is in the folder."""
    command = [sys.executable, "-m", "geo.files.reader", folder]
    try:
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=READ_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_slow() from None
    return done.returncode != 0


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
    """Those that have to be off. The library itself says what it has, in a process of its own: ours never loads it."""
    command = [sys.executable, "-m", "geo.files.drivers"]
    told = subprocess.run(
        command, cwd=_ROOT, capture_output=True, text=True, timeout=READ_TIMEOUT_S, check=True
    )
    return tuple(name for name in told.stdout.splitlines() if name not in DRIVERS)
