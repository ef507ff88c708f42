"""The process that reads a foreign file: `python -m geo.formats_reader FOLDER` writes GeoJSON to standard output.

It is started by `geo/formats.py` with nothing in its environment but which drivers are off. It limits its own memory
and time before it opens anything, and a crash of the C library ends this process and no other.
"""

import contextlib
import resource
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

MAX_VERTICES = 1_000_000
MAX_FEATURES = 50_000
MAX_LAYERS = 16
_MEMORY, _CPU_S = 3 * 1024**3, 25
_DRIVERS = {"ESRI Shapefile", "GPKG", "KML", "LIBKML"}
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
)
_CUT_KEYS = {key[:10]: key for key in _KEYS}
_WGS84 = CRS.from_epsg(4326)


class _Refusal(Exception):
    """What the caller is told."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.answer = {"code": code, "detail": detail}


def main() -> None:
    """Read every layer of every file of a folder."""
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # not every system knows every limit
            resource.setrlimit(limit, (value, value))
    if not set(pyogrio.list_drivers()) <= _DRIVERS:
        sys.exit("other drivers are on; start this through geo.formats")
    try:
        answer = read_folder(Path(sys.argv[1]))
    except _Refusal as refusal:
        answer = refusal.answer
    except (DataSourceError, ValueError, RuntimeError):
        answer = {"code": "file_malformed", "detail": "The file is broken."}
    sys.stdout.buffer.write(orjson.dumps(answer))


def read_folder(folder: Path) -> dict[str, Any]:
    """All features of the folder's files in WGS84; raises `_Refusal`."""
    features: list[dict[str, Any]] = []
    notes: set[str] = set()
    vertices = 0
    for path in sorted(folder.iterdir()):
        if path.suffix in _FILES:
            for layer in _layers(path):
                shapes, properties = _layer(path, layer, notes)
                vertices += int(shapely.get_num_coordinates(shapes).sum())
                if len(features) + len(shapes) > MAX_FEATURES or vertices > MAX_VERTICES:
                    raise _Refusal("file_too_large", "The file holds more than is taken at once.")
                features += [
                    {"type": "Feature", "geometry": _geometry(shape), "properties": known}
                    for shape, known in zip(shapes, properties, strict=True)
                ]
    return {"type": "FeatureCollection", "features": features, "notes": sorted(notes)}


def _layers(path: Path) -> list[str]:
    found = pyogrio.list_layers(path)
    return [name for name, kind in found if kind is not None][:MAX_LAYERS]


def _layer(path: Path, layer: str, notes: set[str]) -> tuple[Any, Iterator[dict[str, Any]]]:
    meta, _, blobs, columns = read(path, layer=layer, max_features=MAX_FEATURES + 1, datetime_as_string=True)
    shapes = shapely.from_wkb(blobs, on_invalid="ignore")
    crs = "EPSG:4326" if path.suffix == ".kml" else meta["crs"]
    if crs is None:
        raise _Refusal("file_crs_missing", "The file does not say what its coordinates are in.")
    return _reprojected(shapes, crs, notes), _properties(meta["fields"], columns, len(shapes))


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
    """A value that JSON has; a whole number that was stored as a float is one again."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if not np.isfinite(value) else int(value) if value.is_integer() else value
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _geometry(shape: Any) -> dict[str, Any] | None:
    return None if shape is None or shape.is_empty else shapely.geometry.mapping(shape)


if __name__ == "__main__":
    main()
