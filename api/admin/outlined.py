"""What is made of bodies with boundaries before they come to their views; `Declaration.work`.

A boundary that is refused stands in its own place, and is told when it is known that the actor may draw there.
"""

import pickle
from typing import Any

from base.errors import Problem
from geo.engine.transitions import Fix
from geo.files.imports import Import, open_import
from geo.lookup.forms import Drawn, draw
from geo.shapes.boundaries import BoundaryRefused


def outlined(body: dict[str, Any]) -> dict[str, Any]:
    """A body with its `geometry` drawn, where it has one."""
    return {**body, "geometry": _drawn(body["geometry"])} if "geometry" in body else body


def rehearsed(body: dict[str, Any]) -> dict[str, Any]:
    """As `outlined`, with the fixes packed for the process that plays them, and their number."""
    fixes = [Fix(**{**fix, "at": fix["at"].timestamp()}) for fix in body["fixes"]]
    return {**outlined(body), "fixes": pickle.dumps(fixes), "count": len(fixes)}


def imported(body: dict[str, Any]) -> Import | BoundaryRefused:
    """The import of a FeatureCollection."""
    try:
        return open_import(body)
    except BoundaryRefused as refusal:
        return refusal


def taken(made: Any) -> Any:
    """What was made, or raise why it could not be."""
    if isinstance(made, Problem):
        raise made
    return made


def drawn_in(body: dict[str, Any]) -> Drawn:
    """The boundary of an outlined body; raises `BoundaryRefused`."""
    return taken(body["geometry"])


def _drawn(geojson: Any) -> Drawn | BoundaryRefused:
    try:
        return draw(geojson)
    except BoundaryRefused as refusal:
        return refusal
