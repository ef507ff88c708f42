"""Files as map offices send them."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely

from geo.files.formats import FileRefused, read_file

DEPOT = shapely.box(127, 37.5, 127.001, 37.501)


def written(
    folder: Path,
    driver: str,
    suffix: str,
    *,
    crs: str | None = "EPSG:4326",
    polygon: Any = DEPOT,
    **fields: Any,
) -> bytes:
    """A file with one place, as the library writes it; a Shapefile comes zipped."""
    path = folder / f"places{suffix}"
    given = {"name": "Depot", "external_id": "s1", **fields}
    options = {} if crs is None else {"crs": crs}
    columns = [np.array([v], dtype=object if isinstance(v, str) else float) for v in given.values()]
    blobs = shapely.to_wkb(np.array([polygon]))
    pyogrio.raw.write(
        str(path), blobs, columns, list(given), geometry_type="Polygon", driver=driver, **options
    )
    return (
        zipped({p.name: p.read_bytes() for p in folder.iterdir()}) if suffix == ".shp" else path.read_bytes()
    )


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive of these members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def code_of(data: bytes, filename: str = "x.zip") -> str:
    """Why a file is refused."""
    with pytest.raises(FileRefused) as caught:
        read_file(data, filename)
    return caught.value.code
