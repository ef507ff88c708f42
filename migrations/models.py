"""All tables in one metadata, and which objects of the database are ours to compare with it."""

import importlib
from pathlib import Path
from typing import Any

from base.database import Model

__all__ = ["metadata", "owned"]
ROOT = Path(__file__).resolve().parent.parent


def import_models() -> None:
    """Load every `models.py` and every module of a `models/` in the packages, so that the metadata knows all tables."""
    for package in ("journal", "people", "geo", "social", "push"):
        folder = ROOT / package
        for file in sorted((*folder.rglob("models.py"), *folder.rglob("models/*.py"))):
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


import_models()
metadata = Model.metadata


def owned(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """False for PostGIS's own table and for the journal's partitions, which the relay makes."""
    return not (kind == "table" and reflected and compare_to is None and _foreign(name or ""))


def _foreign(table: str) -> bool:
    return table == "spatial_ref_sys" or table.startswith("journal_2")
