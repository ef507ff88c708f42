"""All tables in one metadata, and which objects of the database are ours to compare with it."""

from typing import Any

import geo.models.musters
import geo.models.places
import geo.models.privacy
import journal.models
import people.models
import people.sign_in.models
import push.models
import social.models
from base.database import Model

__all__ = ["metadata", "owned"]
_PACKAGES = (
    geo.models.places,
    geo.models.musters,
    geo.models.privacy,
    journal.models,
    people.models,
    people.sign_in.models,
    push.models,
    social.models,
)
metadata = Model.metadata


def owned(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """False for PostGIS's own table and for the journal's partitions, which the relay makes."""
    return not (kind == "table" and reflected and compare_to is None and _foreign(name or ""))


def _foreign(table: str) -> bool:
    return table == "spatial_ref_sys" or table.startswith("journal_2")
