"""The process that reads a foreign file: `python -m geo.files.reader FOLDER` writes GeoJSON into the folder.

It is started by `geo/files/formats.py` with nothing in its environment but which drivers are off. It limits its own
memory, time and the size of what it writes before it opens anything, and a crash of the C library ends this process
and no other. Only the columns that mean something are read, and long texts are cut.

A GeoPackage is a database, and a view or a computed column in it is a program that its author wrote: ten kilobytes of
it make gigabytes of rows. Such files are refused before the library looks at them. (Triggers and R-trees are in every
GeoPackage; what is only read runs no trigger.)
"""

import contextlib
import re
import resource
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyogrio
import shapely
from pyogrio.errors import DataSourceError
from pyogrio.raw import read
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from shapely.errors import ShapelyError

from geo.files import encodings
from geo.files.archives import LEVELS, PLAN, name_of
from geo.files.formats import ANSWER, DRIVERS, MAX_ANSWER
from geo.files.indoor import building

MAX_TEXT = 200
MAX_VERTICES = 1_000_000
MAX_FEATURES = 50_000
MAX_LAYERS = 16
_MEMORY, _CPU_S = 2 * 1024**3, 25
_FILES = (".gpkg", ".shp", ".kml")
# Shapefiles cut the names of columns to ten characters.
_KEYS = (
    "name",
    "kind",
    "external_id",
    "site_external_id",
    "site_id",
    "osm_id",
    "site_osm_id",
    "floor_low",
    "floor_high",
    "level",
)
_CUT_KEYS = {key[:10]: key for key in _KEYS}
_WGS84 = CRS.from_epsg(4326)


class _Refusal(Exception):
    """What the caller is told."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.answer = {"code": code, "detail": detail}


def main() -> None:
    """Read what is in a folder, and write the answer there."""
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_FSIZE, MAX_ANSWER),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # not every system knows every limit
            resource.setrlimit(limit, (value, value))
    if not set(pyogrio.list_drivers()) <= set(DRIVERS):
        sys.exit("other drivers are on; start this through geo.files.formats")
    folder = Path(sys.argv[1])
    (folder / ANSWER).write_bytes(orjson.dumps(_answer(folder)))


def _answer(folder: Path) -> dict[str, Any]:
    try:
        return read_indoor_map(folder) if (folder / PLAN).exists() else read_folder(folder)
    except _Refusal as refusal:
        return refusal.answer
    except (DataSourceError, sqlite3.Error, ValueError, RuntimeError):
        return {"code": "file_malformed", "detail": "The file is broken."}


def read_indoor_map(folder: Path) -> dict[str, Any]:
    """The site and zones of an indoor map; raises `_Refusal`."""
    try:
        names = orjson.loads((folder / LEVELS).read_bytes())
        plan = orjson.loads((folder / PLAN).read_bytes())
        made = building(plan, lambda name: orjson.loads((folder / names[name_of(name)]).read_bytes()))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ShapelyError):
        detail = "The indoor map is broken, or its main.json names files that are not in the archive."
        raise _Refusal("file_malformed", detail) from None
    return {"collection": made, "notes": []}


def read_folder(folder: Path) -> dict[str, Any]:
    """All features of the folder's files in WGS84; raises `_Refusal`."""
    features: list[dict[str, Any]] = []
    notes: set[str] = set()
    vertices = 0
    for table in sorted(folder.glob("*.dbf")):
        _say_encoding(table)
    for path in sorted(folder.iterdir()):
        for layer in _layers(path) if path.suffix in _FILES else ():
            shapes, properties = _layer(path, layer, notes)
            vertices += int(shapely.get_num_coordinates(shapes).sum())
            if len(features) + len(shapes) > MAX_FEATURES or vertices > MAX_VERTICES:
                raise _Refusal("file_too_large", "The file holds more than is taken at once.")
            features += [
                {"type": "Feature", "geometry": _geometry(shape), "properties": known}
                for shape, known in zip(shapes, properties, strict=True)
            ]
    collection = {"type": "FeatureCollection", "features": features}
    return {"collection": collection, "notes": sorted(notes)}


def _say_encoding(table: Path) -> None:
    """Put the name of a Shapefile's encoding beside it where none is; refuse what would have to be guessed."""
    named, content = table.with_suffix(".cpg"), table.read_bytes()
    if named.exists() or encodings.names_encoding(content):
        return
    if not encodings.is_utf8(content):
        detail = (
            f"Nothing says in which encoding the texts are; it may be {encodings.guess(content)}. Add a .cpg."
        )
        raise _Refusal("file_encoding_missing", detail)
    named.write_text("UTF-8")


def _layers(path: Path) -> list[str]:
    if path.suffix == ".gpkg":
        _check_nothing_computed(path)
    found = pyogrio.list_layers(path)
    return [name for name, kind in found if kind is not None][:MAX_LAYERS]


def _check_nothing_computed(path: Path) -> None:
    """Refuse views, computed columns, and virtual tables but R-trees."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        # What SQLite makes of the schema counts, not what the schema says of itself.
        tables = database.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'").fetchall()
        for name, kind in tables:
            columns = database.execute("SELECT hidden FROM pragma_table_xinfo(?)", [name]).fetchall()
            program = kind == "view" or any(hidden in (2, 3) for (hidden,) in columns)
            if program or (kind == "virtual" and not _is_rtree(database, name)):
                detail = "The file holds views, computed columns or virtual tables; export plain tables."
                raise _Refusal("file_malformed", detail)


def _is_rtree(database: sqlite3.Connection, name: str) -> bool:
    made = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", [name]).fetchall()
    return all(
        re.match(r"CREATE VIRTUAL TABLE\s+(\"[^\"]+\"|\w+)\s+USING\s+rtree\b", sql, re.I) for (sql,) in made
    )


def _layer(path: Path, layer: str, notes: set[str]) -> tuple[Any, Iterator[dict[str, Any]]]:
    known = pyogrio.read_info(path, layer=layer)
    crs = "EPSG:4326" if path.suffix == ".kml" else known["crs"]
    if crs is None:
        raise _Refusal("file_crs_missing", "The file does not say what its coordinates are in.")
    wanted = [name for name in known["fields"] if _key(str(name)) in _KEYS]
    meta, _, blobs, columns = read(
        path, layer=layer, columns=wanted, max_features=MAX_FEATURES + 1, datetime_as_string=True
    )
    shapes = _shapes(blobs, notes)
    return _reprojected(shapes, crs, notes), _properties(meta["fields"], columns, len(shapes))


def _shapes(blobs: Any, notes: set[str]) -> Any:
    """The shapes; rings that are not closed are, as those of GeoJSON."""
    shapes = shapely.from_wkb(blobs, on_invalid="ignore")
    broken = np.array([blob is not None and shape is None for blob, shape in zip(blobs, shapes, strict=True)])
    if broken.any():
        shapes[broken] = shapely.from_wkb(blobs[broken], on_invalid="fix")
        notes.add("closed")
    return shapes


def _reprojected(shapes: Any, name: str, notes: set[str]) -> Any:
    try:
        crs = CRS.from_user_input(name)
        if crs.is_geographic and crs.geodetic_crs is not None and crs.geodetic_crs.equals(_WGS84, True):
            return shapes
        transformer = Transformer.from_crs(crs, _WGS84, always_xy=True)
        moved = shapely.transform(
            shapes, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
        )
    except ProjError:
        raise _Refusal("file_crs_missing", "What the coordinates are in is not known here.") from None
    notes.add("reprojected")
    return moved


def _properties(names: Any, columns: list[Any], count: int) -> Iterator[dict[str, Any]]:
    keys = [_key(str(name)) for name in names]
    for row in range(count):
        yield {key: _plain(column[row]) for key, column in zip(keys, columns, strict=True)}


def _key(name: str) -> str:
    lower = name.lower()
    return _CUT_KEYS.get(lower[:10], name) if lower in _KEYS or len(lower) == 10 else name


def _plain(value: Any) -> Any:
    """A value that JSON has; a whole number that was stored as a float is one again, where a float can tell."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 2**53
        return int(value) if whole else value if np.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else str(value)[:MAX_TEXT]


def _geometry(shape: Any) -> dict[str, Any] | None:
    return None if shape is None or shape.is_empty else shapely.geometry.mapping(shape)


if __name__ == "__main__":
    main()
