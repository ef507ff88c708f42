"""Archives that hold places, unpacked within bounds: few members, counted while they are inflated.

What comes out has names of our own, so that no name in an archive is ever a path here.
"""

import gzip
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any, ClassVar, cast

import orjson

from base.errors import Invalid
from base.text import normalised

MAX_UNPACKED = 64 * 1024 * 1024
MAX_MEMBERS = 100
MAX_LAYERS = 16
SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
# The member that makes an archive an indoor map, and the file that says what its members are called here.
PLAN, LEVELS = "main.json", "levels.json"
_CHUNK = 1 << 20


class FileRefused(Invalid):
    """A file that cannot be read as places. Codes begin with `file_`."""

    code = "file_malformed"
    title: ClassVar[str] = "This file cannot be used"


def gunzipped(data: bytes) -> bytes:
    """What was packed with gzip."""
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            return _bounded(cast("io.BufferedIOBase", packed), MAX_UNPACKED)
    except (OSError, EOFError, zlib.error):
        raise FileRefused("The compressed file is broken.") from None


def unpacked(data: bytes, filename: str) -> dict[str, bytes]:
    """The parts that matter of a KMZ, an indoor map or a zipped Shapefile, under names of our own."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise too_large()
            if filename.lower().endswith(".kmz"):
                return _kmz(archive, members)
            plans = [member for member in members if Path(member.filename).name == PLAN]
            return _indoor_map(archive, members, plans[0]) if plans else _shapefiles(archive, members)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise FileRefused("The archive is broken, or encrypted.") from None


def _kmz(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    for member in members:
        if member.filename.lower().endswith(".kml"):
            with archive.open(member) as opened:
                return {"layer0.kml": checked_kml(_bounded(opened, MAX_UNPACKED))}
    raise FileRefused("There is no KML in this archive.", code="file_unknown")


def _indoor_map(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], plan: zipfile.ZipInfo
) -> dict[str, bytes]:
    """The plan and the JSON files beside it; `LEVELS` says under which name each is."""
    folder = Path(plan.filename).parent
    beside = [m for m in members if Path(m.filename).parent == folder and m is not plan]
    levels = [m for m in beside if m.filename.lower().endswith((".json", ".geojson"))]
    names = {name_of(member.filename): f"level{number}.json" for number, member in enumerate(levels)}
    parts = {LEVELS: orjson.dumps(names)}
    left = MAX_UNPACKED
    for name, member in [(PLAN, plan), *((names[name_of(m.filename)], m) for m in levels)]:
        with archive.open(member) as opened:
            parts[name] = _bounded(opened, left)
        left -= len(parts[name])
    return parts


def _shapefiles(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    known = [
        m for m in members if Path(m.filename).suffix.lower() in SHAPE_PARTS and "__MACOSX" not in m.filename
    ]
    stems = sorted({_stem(m) for m in known if m.filename.lower().endswith(".shp")})
    if not stems:
        raise FileRefused("There is no Shapefile in this archive.", code="file_unknown")
    if len(stems) > MAX_LAYERS:
        raise too_large()
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
    return normalised(str(Path(member.filename).with_suffix(""))).lower()


def name_of(path: str) -> str:
    """A member's name without its folders, in the form in which a plan names it: a Mac writes names in parts (NFD)."""
    return normalised(Path(path).name)


def _bounded(opened: Any, limit: int) -> bytes:
    """What a packed stream holds: its own word about its size counts for nothing."""
    content = bytearray()
    while chunk := opened.read(_CHUNK):
        content += chunk
        if len(content) > limit:
            raise too_large()
    return bytes(content)


def checked_kml(data: bytes) -> bytes:
    """KML without a document type: entities are how XML reaches for other files, and how it explodes."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data[:4]:
        raise FileRefused("KML with a document type or in UTF-16 is not taken.")
    if b"<kml" not in data[:4096]:
        raise FileRefused("This XML is not KML.", code="file_unknown")
    return data


def too_large() -> FileRefused:
    """The refusal of what exceeds a bound."""
    return FileRefused("The file holds more than is taken at once.", code="file_too_large")
